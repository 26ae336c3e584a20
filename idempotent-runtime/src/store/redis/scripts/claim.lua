-- Takes the record that a claim found, or shows what stands in the way.
local row = {}
for number = 1, #fields, 2 do
  row[fields[number]] = fields[number + 1]
end
local holder, state = row.a, row.s
if unreadable(holder, state, row.r) then
  return { digits(now), fields }
end
-- An attempt that gave the record back takes it no more: its claim was overtaken.
if state == RELEASED and holder == attempt then
  return { digits(now), fields }
end
local claimed_at, kept, abandoned, generation, labelled = read_origin(row.r, holder, row.t)

-- Expiry, then the fingerprint, then the state, then the lease.
if is_absent(state, row.l, kept, row.e, now) then
  redis.call('HSET', key, 'f', fingerprint, 'a', attempt, 's', RUNNING, 'l', lease_until, 'r', anew)
  redis.call('HDEL', key, 't', 'e', 'c', 'h', 'b', 'x')
  stay(lease, keep)
  return HELD
end
local ends = tonumber(row.l or '')
if row.f ~= fingerprint or state ~= RUNNING or not ends then
  return { digits(now), fields }
end
if holder == attempt then
  redis.call('HSET', key, 'l', lease_until)
  stay(lease, kept)
  return { digits(now), redis.call('HGETALL', key) }
end
abandoned = abandoned + 1
local takes_over = takeover == 'abandoned' or (takeover == 'from' and seen == holder) or (most and abandoned < most)
if ends > now or not takes_over then
  return { digits(now), fields }
end
keep = keep_after(abandoned, ARGV[8], most)
redis.call('HSET', key, 'a', attempt, 'l', lease_until, 't', holder,
  'r', origin_of(attempt, claimed_at, keep, abandoned, generation, labelled))
if not is_of(row.r, holder) then
  redis.call('HDEL', key, 'x')
end
stay(lease, keep)
return { digits(now), redis.call('HGETALL', key) }
