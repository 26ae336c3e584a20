-- Shows the record and the time, or only the time where there is none.
-- ARGV: time for tests.
local row = read('f', 'a', 's', 'l', 't', 'e', 'c', 'h', 'b')
if row.err then
  return row
end
if not row[2] and not row[3] and not unreadable(row[2], row[3]) then
  return { digits(clock()) }
end
return { digits(clock()), row }
