-- Takes a claim back under which nothing ran, whether it took effect or not.
-- ARGV: time for tests, fingerprint, attempt, namespace and operation with a zero byte between, the most attempts or
-- nothing, how long an abandoned record is kept or nothing, and what `finish` takes.
local attempt, most, given = ARGV[3], tonumber(ARGV[5]), ARGV[6]
local row = redis.pcall('HMGET', key, 'a', 's', 'r', 't', 'l', 'e')
if row.err then
  return row
end
local holder, state, origin, taken_from, lease_until = row[1], row[2], row[3], row[4], row[5]
if unreadable(holder, state, origin) then
  return UNREADABLE
end
local now = clock()
local claimed_at, kept, abandoned, generation, label
if holder then
  claimed_at, kept, abandoned, generation, label = read_origin(origin, holder, taken_from)
end
if not holder or (holder ~= attempt and is_absent(state, lease_until, kept, row[6], now)) then
  -- The claim has not come yet, and finds this mark when it comes.
  redis.call('HSET', key, 'f', ARGV[2], 'a', attempt, 's', RELEASED, 'r', origin_of(attempt, digits(now), '', 0, attempt, ARGV[4]))
  redis.call('HDEL', key, 'l', 't', 'e', 'c', 'h', 'b', 'x')
  redis.call('PEXPIRE', key, ARGV[8])
  return HELD
end
if holder ~= attempt then
  return LOST
end
if state == RELEASED then
  return HELD
end
if state ~= RUNNING then
  return LOST
end
if not taken_from then
  finish(attempt, nil, 7)
  return HELD
end
local ends = tonumber(lease_until or '')
if not ends then
  return UNREADABLE
end
if ends > now then
  abandoned = math.max(abandoned - 1, 0)
  local keep = keep_after(abandoned, given, most)
  -- The first write frees: see `finish`.
  redis.call('HDEL', key, 'l')
  redis.call('HSET', key, 'l', digits(now), 'r', origin_of(attempt, claimed_at, keep, abandoned, generation, label))
  stay(0, keep)
end
-- Else it was withdrawn already, or is abandoned: whoever comes next takes it over.
return HELD
