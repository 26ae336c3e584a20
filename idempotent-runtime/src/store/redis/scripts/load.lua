-- Shows the time and the record, or the time alone where there is none.
-- ARGV: time for tests.
local fields = redis.pcall('HGETALL', key)
if fields.err then
  return fields
end
if #fields == 0 then
  return { digits(clock()) }
end
return { digits(clock()), fields }
