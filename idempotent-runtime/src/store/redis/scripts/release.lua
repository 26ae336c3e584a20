-- Gives a running record back. It stays for a while, so that a release that is said again is told from a lost record, and
-- a claim that it overtook is refused.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = redis.pcall('HMGET', key, 'a', 's', 'r', 't')
if row.err then
  return row
end
local attempt, state, origin = row[1], row[2], row[3]
if unreadable(attempt, state, origin) then
  return UNREADABLE
end
if attempt ~= ARGV[2] then
  return LOST
end
if state == RUNNING then
  finish(attempt, origin_at_end(origin, attempt, row[4]), 3)
  return HELD
end
return state == RELEASED and HELD or LOST
