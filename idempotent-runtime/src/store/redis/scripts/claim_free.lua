-- The way of most claims, which find nothing. What the others need is made after it.
-- ARGV: time for tests, fingerprint, attempt, lease, takeover (never, abandoned, from, upto), attempt that was seen or the
-- most attempts, namespace and operation with a zero byte between, how long an abandoned record is kept or nothing.
-- Answers `HELD` where the record was free. Else the time and the record as it then stands, from which the caller reads
-- whether the claim won, or was taken back before it came.
local fingerprint, attempt, lease, takeover, seen, label = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local most = takeover == 'upto' and tonumber(seen) or nil
-- How long the record is kept if this attempt is abandoned, and no other was before.
local keep = (most and most <= 1) and '' or ARGV[8]

local fields = redis.pcall('HGETALL', key)
if fields.err then
  return fields
end
local now = clock()
local lease_until = digits(now + tonumber(lease))
local anew = VERSION .. attempt .. digits(now) .. ' ' .. keep .. '  \0' .. label

if #fields == 0 then
  -- A server whose memory is full refuses this write: then there are no new claims.
  redis.call('HSET', key, 'f', fingerprint, 'a', attempt, 's', RUNNING, 'l', lease_until, 'r', anew)
  if keep ~= '' then
    redis.call('PEXPIRE', key, digits(math.max(tonumber(lease) + tonumber(keep), 1)))
  end
  return HELD
end
