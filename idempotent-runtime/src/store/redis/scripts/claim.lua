-- Takes the record, or shows what stands in the way.
-- ARGV: time for tests, fingerprint, attempt, lease, takeover (never, abandoned, from), attempt that was seen.
-- Answers `HELD` where the record was free. Else the time and the record as it then stands, from which the caller reads
-- whether the claim won.
local fingerprint, attempt, takeover, seen = ARGV[2], ARGV[3], ARGV[5], ARGV[6]

local fields = redis.pcall('HGETALL', key)
if fields.err then
  return fields
end
local now = clock()
local lease_until = digits(now + tonumber(ARGV[4]))

-- A server whose memory is full refuses this write: then there are no new claims.
if #fields == 0 then
  redis.call('HSET', key, 'f', fingerprint, 'a', attempt, 's', RUNNING, 'l', lease_until)
  return HELD
end

local row = {}
for number = 1, #fields, 2 do
  row[fields[number]] = fields[number + 1]
end
local holder, state = row.a, row.s
if not (holder and is_known(state)) then
  return { digits(now), fields }
end

-- Expiry, then the fingerprint, then the state, then the lease.
local expires_at = state ~= RUNNING and tonumber(row.e or '')
if state == RELEASED or (expires_at and expires_at <= now) then
  redis.call('HSET', key, 'f', fingerprint, 'a', attempt, 's', RUNNING, 'l', lease_until)
  redis.call('HDEL', key, 't', 'e', 'c', 'h', 'b')
  -- A running record never expires.
  redis.call('PERSIST', key)
  return HELD
end
local ends = tonumber(row.l or '')
if row.f ~= fingerprint or state ~= RUNNING or not ends then
  return { digits(now), fields }
end
if holder == attempt then
  redis.call('HSET', key, 'l', lease_until)
elseif ends <= now and (takeover == 'abandoned' or (takeover == 'from' and seen == holder)) then
  redis.call('HSET', key, 'a', attempt, 'l', lease_until, 't', holder)
else
  return { digits(now), fields }
end
return { digits(now), redis.call('HGETALL', key) }
