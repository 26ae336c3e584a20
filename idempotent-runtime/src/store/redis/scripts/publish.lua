-- Puts a provisional outcome on a running record.
-- ARGV: time for tests, attempt, status, headers, body.
local row = read()
if row.err then
  return row
end
if unreadable(row) then
  return UNREADABLE
end
if row.a ~= ARGV[2] or row.s ~= RUNNING then
  return LOST
end
redis.call('HSET', key, 'c', ARGV[3], 'h', ARGV[4], 'b', ARGV[5])
return HELD
