-- What every step's script begins with. A script decides and writes in one go: nothing else runs on the server meanwhile.
--
-- One record is one hash, under the only key that a script touches, so that it has one slot in a cluster:
--   f fingerprint, a attempt, s state, l lease until, t taken from, e expires at, c status, h headers, b body;
--   since version 2: r the record's origin, x extra.
-- A field that has no value is absent. Times are milliseconds in decimal digits: `tostring` would write them as 1.7e+12.
-- While the record is running, c, h and b are the provisional outcome; once it is done, they are the outcome.
--
-- The origin is one value, because each field of a hash costs memory and time. Its parts, one after the other:
--   the version, one character; the attempt for which the origin was written, 16 bytes;
--   when the record was first claimed, how long it is kept once abandoned, and how many attempts of its generation were
--   abandoned before: decimal digits or nothing, each with a space behind;
--   the length of the generation's id, one byte, and the id: none where it is the attempt's own;
--   the namespace, a zero byte, and the operation.
--
-- Release 1 may share the server while it is replaced. It knows nothing of version 2's fields and leaves them as they are
-- when it claims the record anew. So they count only where the origin was written for the record's attempt.
--
-- Each function here is made anew whenever a script runs. So a script begins with those that it needs, and no others.
local key = KEYS[1]
local RUNNING, RELEASED = '0', '1'
local VERSION = '2'
-- What a step answers that says nothing but whether it took effect.
local HELD, LOST, UNREADABLE = 1, 0, -1

local function digits(number)
  return string.format('%.0f', number)
end

-- The server's clock. Tests give another.
local function clock()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whether the origin, and with it all of version 2's fields, counts for a record that names this attempt.
local function is_of(origin, attempt)
  return origin and string.sub(origin, 2, 17) == attempt
end

-- Whether what stands here is nothing that this library wrote, or a later release wrote it. It is never written over.
local function unreadable(attempt, state, origin)
  if not attempt and not state then
    return redis.call('EXISTS', key) == 1
  end
  -- After running and released come the three states of a done record.
  return not (attempt and state and #state == 1 and state >= RUNNING and state <= '4')
    or (origin and string.sub(origin, 1, 1) ~= VERSION)
end
