-- Takes the record, or shows what stands in the way.
-- ARGV: time for tests, fingerprint, attempt, lease, takeover (never, abandoned, from, upto), attempt that was seen or the
-- most attempts, namespace, operation, how long an abandoned record is kept or nothing.
-- Answers `HELD` where the record was free. Else the time and the record as it then stands, from which the caller reads
-- whether the claim won, or was taken back before it came.
local fingerprint, attempt, lease, takeover, seen = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most = takeover == 'upto' and tonumber(seen) or nil

local fields = redis.pcall('HGETALL', key)
if fields.err then
  return fields
end
local now = clock()
local lease_until = digits(now + tonumber(lease))

local function win(is_new)
  local keep = keep_after(0, ARGV[9], most)
  put_anew(is_new, RUNNING, {
    fingerprint = fingerprint, attempt = attempt, now = now, lease_until = lease_until,
    namespace = ARGV[7], operation = ARGV[8], keep = keep,
  })
  if keep or not is_new then
    stay(lease, keep)
  end
  return HELD
end

if #fields == 0 then
  return win(true)
end

local row = {}
for number = 1, #fields, 2 do
  row[fields[number]] = fields[number + 1]
end
if not is_known(row) then
  return { digits(now), fields }
end
local is_stale = row.m ~= row.a
without_stale(row)

-- An attempt that gave the record back takes it no more: its claim was overtaken.
if row.s == RELEASED and row.a == attempt then
  return { digits(now), fields }
end
-- Expiry, then the fingerprint, then the state, then the lease.
if is_absent(row, now) then
  return win(false)
end
local ends = tonumber(row.l or '')
if row.f ~= fingerprint or row.s ~= RUNNING or not ends then
  return { digits(now), fields }
end
if row.a == attempt then
  redis.call('HSET', key, 'l', lease_until)
  stay(lease, row.k)
  return { digits(now), redis.call('HGETALL', key) }
end
local abandoned = abandoned_before(row) + 1
local takes_over = takeover == 'abandoned' or (takeover == 'from' and seen == row.a) or (most and abandoned < most)
if ends > now or not takes_over then
  return { digits(now), fields }
end
local keep = keep_after(abandoned, ARGV[9], most)
redis.call('HSET', key, 'a', attempt, 'l', lease_until, 't', row.a, 'v', VERSION, 'm', attempt,
  'g', generation(row), 'u', digits(abandoned))
if is_stale then
  redis.call('HDEL', key, 'n', 'o', 'w', 'x')
end
if keep then
  redis.call('HSET', key, 'k', keep)
else
  redis.call('HDEL', key, 'k')
end
stay(lease, keep)
return { digits(now), redis.call('HGETALL', key) }
