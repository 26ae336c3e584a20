-- Settles an abandoned record, if it names the attempt that was seen, for an attempt of the one who settles it.
-- ARGV: time for tests, attempt that was seen, attempt, and what `finish` takes.
local row = read()
if row.err then
  return row
end
if unreadable(row) then
  return UNREADABLE
end
if row.a == ARGV[3] and row.s ~= RUNNING then
  -- Settled already, by this very call.
  return HELD
end
if row.a ~= ARGV[2] or row.s ~= RUNNING then
  return LOST
end
local ends = tonumber(row.l or '')
if not ends then
  return UNREADABLE
end
if ends > clock() then
  return LOST
end
finish(row, ARGV[3], 4)
return HELD
