-- Removes the record, whatever its state, if it names the attempt that was seen.
-- ARGV: time for tests, attempt that was seen.
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
redis.call('DEL', key)
return HELD
