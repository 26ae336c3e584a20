-- Settles an abandoned record, if it names the attempt that was seen, for an attempt of the one who settles it.
-- ARGV: time for tests, attempt that was seen, attempt, and what `finish` takes.
local row = redis.pcall('HMGET', key, 'a', 's', 'r', 't', 'l')
if row.err then
  return row
end
local holder, state, origin = row[1], row[2], row[3]
if unreadable(holder, state, origin) then
  return UNREADABLE
end
local attempt = ARGV[3]
if holder == attempt and state ~= RUNNING then
  -- Settled already, by this very call.
  return HELD
end
if holder ~= ARGV[2] or state ~= RUNNING then
  return LOST
end
local ends = tonumber(row[5] or '')
if not ends then
  return UNREADABLE
end
if ends > clock() then
  return LOST
end
if not is_of(origin, holder) then
  redis.call('HDEL', key, 'x')
end
local claimed_at, keep, abandoned, generation, label = read_origin(origin, holder, row[4])
finish(attempt, origin_of(attempt, claimed_at, keep, abandoned, generation, label), 4)
return HELD
