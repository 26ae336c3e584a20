-- Gives a running record back. It stays for a while, so that a release that is said again is told from a lost record.
-- ARGV: time for tests, attempt, and what `finish` takes.
local row = read('a', 's')
if row.err then
  return row
end
if unreadable(row[1], row[2]) then
  return UNREADABLE
end
if row[1] ~= ARGV[2] then
  return LOST
end
if row[2] == RUNNING then
  finish(ARGV[2], 3)
  return HELD
end
return row[2] == RELEASED and HELD or LOST
