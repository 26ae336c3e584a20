-- Removes the record, whatever its state, if it names the attempt that was seen.
-- ARGV: time for tests, attempt that was seen.
local row = redis.pcall('HMGET', key, 'a', 's', 'r')
if row.err then
  return row
end
if unreadable(row[1], row[2], row[3]) then
  return UNREADABLE
end
if row[1] ~= ARGV[2] then
  return LOST
end
redis.call('DEL', key)
return HELD
