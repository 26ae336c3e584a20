-- Makes the lease of a running record last from now.
-- ARGV: time for tests, attempt, lease.
local row = redis.pcall('HMGET', key, 'a', 's', 'r', 't')
if row.err then
  return row
end
local attempt, origin = row[1], row[3]
if unreadable(attempt, row[2], origin) then
  return UNREADABLE
end
if attempt ~= ARGV[2] or row[2] ~= RUNNING then
  return LOST
end
-- The first write frees, so that an attempt goes on though memory is full: see `finish`.
redis.call('HDEL', key, 'l')
redis.call('HSET', key, 'l', digits(clock() + tonumber(ARGV[3])))
local _, keep = read_origin(origin, attempt, row[4])
stay(ARGV[3], keep)
return HELD
