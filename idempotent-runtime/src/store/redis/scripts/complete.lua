-- Makes a running record done.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = read('a', 's')
if row.err then
  return row
end
if unreadable(row[1], row[2]) then
  return UNREADABLE
end
if row[1] ~= ARGV[2] or row[2] == RELEASED then
  return LOST
end
if row[2] == RUNNING then
  finish(ARGV[2], 3)
end
-- Done already: the acknowledgement was lost, and the same attempt says it again.
return HELD
