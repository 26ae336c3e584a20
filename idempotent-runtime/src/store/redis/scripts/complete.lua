-- Makes a running record done.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = redis.pcall('HMGET', key, 'a', 's', 'r', 't')
if row.err then
  return row
end
local attempt, state, origin = row[1], row[2], row[3]
if unreadable(attempt, state, origin) then
  return UNREADABLE
end
if attempt ~= ARGV[2] or state == RELEASED then
  return LOST
end
if state == RUNNING then
  finish(attempt, origin_at_end(origin, attempt, row[4]), 3)
end
-- Done already: the acknowledgement was lost, and the same attempt says it again.
return HELD
