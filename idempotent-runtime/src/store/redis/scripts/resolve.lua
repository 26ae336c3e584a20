-- Settles an abandoned record, if it names the attempt that was seen, for an attempt of the one who settles it.
-- ARGV: time for tests, attempt that was seen, attempt, and what `finish` takes.
local row = read('a', 's', 'l')
if row.err then
  return row
end
local holder, state = row[1], row[2]
if unreadable(holder, state) then
  return UNREADABLE
end
if holder == ARGV[3] and state ~= RUNNING then
  -- Settled already, by this very call.
  return HELD
end
if holder ~= ARGV[2] or state ~= RUNNING then
  return LOST
end
local ends = tonumber(row[3] or '')
if not ends then
  return UNREADABLE
end
if ends > clock() then
  return LOST
end
finish(ARGV[3], 4)
return HELD
