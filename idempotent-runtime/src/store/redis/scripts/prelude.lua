-- What every step's script begins with. A script decides and writes in one go: nothing else runs on the server meanwhile.
--
-- One record is one hash, under the only key that a script touches, so that it has one slot in a cluster:
--   f fingerprint, a attempt, s state, l lease until, t taken from, e expires at, c status, h headers, b body.
-- A field that has no value is absent. Times are milliseconds in decimal digits: `tostring` would write them as 1.7e+12.
-- While the record is running, c, h and b are the provisional outcome; once it is done, they are the outcome.
local key = KEYS[1]
local RUNNING, RELEASED = '0', '1'
-- What a step answers that says nothing but whether it took effect.
local HELD, LOST, UNREADABLE = 1, 0, -1

-- A key that holds something else is an error; `pcall` gives it back as it is, on every version.
local function read(...)
  return redis.pcall('HMGET', key, ...)
end

-- After those two come the three of a done record.
local function is_known(state)
  return state and #state == 1 and state >= RUNNING and state <= '4'
end

-- Whether what stands here is nothing that this library wrote. It is never written over.
local function unreadable(attempt, state)
  if not attempt and not state then
    return redis.call('EXISTS', key) == 1
  end
  return not (attempt and is_known(state))
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

-- Ends a running record. From the given argument on: state, milliseconds to keep it or nothing, status or nothing,
-- headers, body.
local function finish(attempt, first)
  local state, keep, status = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  -- A server whose memory is full refuses a script's first write if it may take more, and none after it. What was begun
  -- shall be finished all the same, so the first write is one that frees.
  redis.call('HDEL', key, 'l', 't')
  local fields = { 'a', attempt, 's', state }
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
  end
end
