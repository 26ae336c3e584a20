-- Takes a claim back under which nothing ran, whether it took effect or not.
-- ARGV: time for tests, fingerprint, attempt, namespace, operation, the most attempts or nothing, how long an abandoned
-- record is kept or nothing, and what `finish` takes.
local attempt, most, given = ARGV[3], tonumber(ARGV[6]), ARGV[7]
local row = read()
if row.err then
  return row
end
if unreadable(row) then
  return UNREADABLE
end
local is_new = not row.a
without_stale(row)
local now = clock()
if is_new or (is_absent(row, now) and row.a ~= attempt) then
  -- The claim has not come yet, and finds this mark when it comes.
  put_anew(is_new, RELEASED, {
    fingerprint = ARGV[2], attempt = attempt, now = now, namespace = ARGV[4], operation = ARGV[5],
  })
  redis.call('PEXPIRE', key, ARGV[9])
  return HELD
end
if row.a ~= attempt then
  return LOST
end
if row.s == RELEASED then
  return HELD
end
if row.s ~= RUNNING then
  return LOST
end
if not row.t then
  finish(row, attempt, 8)
  return HELD
end
local ends = tonumber(row.l or '')
if not ends then
  return UNREADABLE
end
if ends > now then
  local abandoned = math.max(abandoned_before(row) - 1, 0)
  local keep = keep_after(abandoned, given, most)
  -- The first write frees: see `finish`.
  redis.call('HDEL', key, 'l', 'k', 'u')
  redis.call('HSET', key, 'l', digits(now))
  if abandoned > 0 then
    redis.call('HSET', key, 'u', digits(abandoned))
  end
  if keep then
    redis.call('HSET', key, 'k', keep)
  end
  stay(0, keep)
end
-- Else it was withdrawn already, or is abandoned: whoever comes next takes it over.
return HELD
