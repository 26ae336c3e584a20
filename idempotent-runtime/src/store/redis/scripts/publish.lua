-- Puts a provisional outcome on a running record.
-- ARGV: time for tests, attempt, status, headers, body.
local row = redis.pcall('HMGET', key, 'a', 's', 'r')
if row.err then
  return row
end
if unreadable(row[1], row[2], row[3]) then
  return UNREADABLE
end
if row[1] ~= ARGV[2] or row[2] ~= RUNNING then
  return LOST
end
redis.call('HSET', key, 'c', ARGV[3], 'h', ARGV[4], 'b', ARGV[5])
return HELD
