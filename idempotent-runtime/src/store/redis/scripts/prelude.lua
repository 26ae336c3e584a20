-- What every step's script begins with. A script decides and writes in one go: nothing else runs on the server meanwhile.
--
-- One record is one hash, under the only key that a script touches, so that it has one slot in a cluster:
--   f fingerprint, a attempt, s state, l lease until, t taken from, e expires at, c status, h headers, b body;
--   since version 2: v version, m the attempt for which the following were written, n namespace, o operation, w when it
--   was first claimed, g generation, u attempts abandoned before, k how long it is kept once abandoned, x extra.
-- A field that has no value is absent; so is g where it is what `generation` makes of the others. Times are milliseconds in
-- decimal digits: `tostring` would write them as 1.7e+12.
-- While the record is running, c, h and b are the provisional outcome; once it is done, they are the outcome.
--
-- Release 1 may share the server while it is replaced. It knows nothing of version 2's fields and leaves them as they are
-- when it claims the record anew. So they count only where m is the record's attempt.
local key = KEYS[1]
local RUNNING, RELEASED = '0', '1'
local VERSION = '2'
-- What a step answers that says nothing but whether it took effect.
local HELD, LOST, UNREADABLE = 1, 0, -1

-- A key that holds something else is an error; `pcall` gives it back as it is, on every version.
local function read()
  local names = { 'a', 's', 'l', 't', 'e', 'm', 'g', 'u', 'k', 'v' }
  local values = redis.pcall('HMGET', key, unpack(names))
  if values.err then
    return values
  end
  local row = {}
  for number, name in ipairs(names) do
    row[name] = values[number] or nil
  end
  return row
end

-- After those two come the three of a done record.
local function is_known(row)
  local state = row.s
  return row.a and state and #state == 1 and state >= RUNNING and state <= '4' and not (row.v and row.v ~= VERSION)
end

-- Whether what stands here is nothing that this library wrote, or a later release wrote it. It is never written over.
local function unreadable(row)
  if not row.a and not row.s then
    return redis.call('EXISTS', key) == 1
  end
  return not is_known(row)
end

-- Takes out what version 2's fields say where they are not about the record as it stands: see above.
local function without_stale(row)
  if row.m ~= row.a then
    row.n, row.o, row.w, row.g, row.u, row.k, row.x = nil, nil, nil, nil, nil, nil, nil
  end
  return row
end

-- The first attempt of the record's generation. Of a record that version 1 wrote, the earliest that is known.
local function generation(row)
  return row.g or row.t or row.a
end

-- The server's clock. Tests give another.
local function clock()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function digits(number)
  return string.format('%.0f', number)
end

-- Whether a running record was abandoned so long ago that it counts as absent.
local function has_lapsed(row, now)
  local ends, keep = tonumber(row.l or ''), tonumber(row.k or '')
  return ends and keep and ends + keep <= now
end

-- Whether the record counts as absent.
local function is_absent(row, now)
  if row.s == RUNNING then
    return has_lapsed(row, now)
  end
  local expires_at = tonumber(row.e or '')
  return row.s == RELEASED or (expires_at and expires_at <= now)
end

-- How long a claim keeps the record once it is abandoned, after so many others; nil: until somebody settles it.
-- `most` is a claim's last number of attempts, or nil.
local function keep_after(abandoned, keep, most)
  if keep == '' or (most and abandoned + 1 >= most) then
    return nil
  end
  return keep
end

-- How many attempts of the record's generation were abandoned before the one that it names.
local function abandoned_before(row)
  return tonumber(row.u or '') or 0
end

-- Has Redis remove a running record once it has lapsed, or never.
local function stay(lease, keep)
  if keep then
    redis.call('PEXPIRE', key, digits(math.max(tonumber(lease) + tonumber(keep), 1)))
  else
    redis.call('PERSIST', key)
  end
end

-- Makes a record anew in this state, in place of what stands there, if anything does.
local function put_anew(is_new, state, record)
  local fields = {
    'f', record.fingerprint, 'a', record.attempt, 's', state, 'v', VERSION, 'm', record.attempt, 'w', digits(record.now),
  }
  local function set(name, value)
    if value and value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  set('l', record.lease_until)
  set('n', record.namespace)
  set('o', record.operation)
  set('k', record.keep)
  -- A server whose memory is full refuses this write: then there are no new claims.
  redis.call('HSET', key, unpack(fields))
  if is_new then
    return
  end
  local left = { 't', 'e', 'c', 'h', 'b', 'g', 'u', 'x' }
  for name, value in pairs({ l = record.lease_until or '', n = record.namespace, o = record.operation, k = record.keep or '' }) do
    if value == '' then
      left[#left + 1] = name
    end
  end
  redis.call('HDEL', key, unpack(left))
end

-- Ends a running record. From the given argument on: state, milliseconds to keep it or nothing, status or nothing,
-- headers, body.
local function finish(row, attempt, first)
  local state, keep, status = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  local is_stale = row.m ~= row.a
  local began = generation(without_stale(row))
  -- A server whose memory is full refuses a script's first write if it may take more, and none after it. What was begun
  -- shall be finished all the same, so the first write is one that frees.
  redis.call('HDEL', key, 'l', 't', 'k')
  if is_stale then
    redis.call('HDEL', key, 'n', 'o', 'w', 'g', 'u', 'x')
  end
  local fields = { 'a', attempt, 's', state, 'v', VERSION, 'm', attempt }
  if began ~= attempt then
    fields[#fields + 1] = 'g'
    fields[#fields + 1] = began
  end
  if keep ~= '' and state ~= RELEASED then
    fields[#fields + 1] = 'e'
    fields[#fields + 1] = digits(clock() + tonumber(keep))
  end
  if status ~= '' then
    for number, name in ipairs({ 'c', 'h', 'b' }) do
      fields[#fields + 1] = name
      fields[#fields + 1] = ARGV[first + 1 + number]
    end
  else
    redis.call('HDEL', key, 'c', 'h', 'b')
  end
  redis.call('HSET', key, unpack(fields))
  if keep ~= '' then
    -- What is to be kept for no time would be gone at once.
    redis.call('PEXPIRE', key, digits(math.max(tonumber(keep), 1)))
  else
    redis.call('PERSIST', key)
  end
end
