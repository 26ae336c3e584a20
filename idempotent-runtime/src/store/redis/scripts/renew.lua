-- Makes the lease of a running record last from now.
-- ARGV: time for tests, attempt, lease.
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
-- The first write frees, so that an attempt goes on though memory is full: see `finish`.
redis.call('HDEL', key, 'l')
redis.call('HSET', key, 'l', digits(clock() + tonumber(ARGV[3])))
stay(ARGV[3], without_stale(row).k)
return HELD
