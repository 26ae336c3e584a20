-- Makes a running record done.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = read()
if row.err then
  return row
end
if unreadable(row) then
  return UNREADABLE
end
if row.a ~= ARGV[2] or row.s == RELEASED then
  return LOST
end
if row.s == RUNNING then
  finish(row, ARGV[2], 3)
end
-- Done already: the acknowledgement was lost, and the same attempt says it again.
return HELD
