-- Makes the lease of a running record last from now.
-- ARGV: time for tests, attempt, lease.
local row = read('a', 's')
if row.err then
  return row
end
if unreadable(row[1], row[2]) then
  return UNREADABLE
end
if row[1] ~= ARGV[2] or row[2] ~= RUNNING then
  return LOST
end
-- The first write frees, so that an attempt goes on though memory is full: see `finish`.
redis.call('HDEL', key, 'l')
redis.call('HSET', key, 'l', digits(clock() + tonumber(ARGV[3])))
return HELD
