-- Gives a running record back. It stays for a while, so that a release that is said again is told from a lost record, and
-- a claim that it overtook is refused.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = read()
if row.err then
  return row
end
if unreadable(row) then
  return UNREADABLE
end
if row.a ~= ARGV[2] then
  return LOST
end
if row.s == RUNNING then
  finish(row, ARGV[2], 3)
  return HELD
end
return row.s == RELEASED and HELD or LOST
