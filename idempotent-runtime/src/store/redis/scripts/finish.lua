-- Ends a running record. From the given argument on: state, milliseconds to keep it or nothing, status or nothing,
-- headers, body. The origin is what stands there from now on, or nil where it stays as it is.
local function finish(attempt, origin, first)
  local state, keep, status = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  -- A server whose memory is full refuses a script's first write if it may take more, and none after it. What was begun
  -- shall be finished all the same, so the first write is one that frees.
  if status == '' then
    redis.call('HDEL', key, 'l', 't', 'c', 'h', 'b')
  else
    redis.call('HDEL', key, 'l', 't')
  end
  local fields = { 'a', attempt, 's', state }
  local count = 4
  if origin then
    fields[5], fields[6] = 'r', origin
    count = 6
  end
  if keep ~= '' and state ~= RELEASED then
    fields[count + 1], fields[count + 2] = 'e', digits(clock() + tonumber(keep))
    count = count + 2
  end
  if status ~= '' then
    fields[count + 1], fields[count + 2] = 'c', status
    fields[count + 3], fields[count + 4] = 'h', ARGV[first + 3]
    fields[count + 5], fields[count + 6] = 'b', ARGV[first + 4]
  end
  redis.call('HSET', key, unpack(fields))
  if keep ~= '' then
    -- What is to be kept for no time would be gone at once.
    redis.call('PEXPIRE', key, digits(math.max(tonumber(keep), 1)))
  else
    redis.call('PERSIST', key)
  end
end

-- The origin that a record of version 1 gets when it ends: it names the attempt from which the record was taken over,
-- which is gone from then on. Others keep theirs.
local function origin_at_end(origin, attempt, taken_from)
  if taken_from and not is_of(origin, attempt) then
    redis.call('HDEL', key, 'x')
    return VERSION .. attempt .. '   \16' .. taken_from .. '\0'
  end
  return nil
end
