-- Removes the record, whatever its state, if it names the attempt that was seen.
-- ARGV: time for tests, attempt that was seen.
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
redis.call('DEL', key)
return HELD
