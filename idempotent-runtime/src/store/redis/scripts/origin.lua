-- The origin of a record, and what follows from it.

-- Takes the origin apart. One that was not written for the record's attempt says nothing; of a record of version 1, the
-- generation is named by the earliest attempt that is known.
local function read_origin(origin, attempt, taken_from)
  if is_of(origin, attempt) then
    local claimed_at, keep, abandoned, behind = string.match(origin, '^(%-?%d*) (%d*) (%d*) ()', 18)
    local length = behind and string.byte(origin, behind)
    if length then
      local generation = length > 0 and string.sub(origin, behind + 1, behind + length) or attempt
      return claimed_at, keep, tonumber(abandoned) or 0, generation, string.sub(origin, behind + 1 + length)
    end
  end
  return '', '', 0, taken_from or attempt, '\0'
end

-- Puts one together.
local function origin_of(attempt, claimed_at, keep, abandoned, generation, label)
  local count = abandoned > 0 and digits(abandoned) or ''
  local named = generation == attempt and '\0' or '\16' .. generation
  return VERSION .. attempt .. claimed_at .. ' ' .. keep .. ' ' .. count .. ' ' .. named .. label
end

-- Whether a record that is not running counts as absent, or a running one was abandoned so long ago that it does.
local function is_absent(state, lease_until, keep, expires_at, now)
  if state == RUNNING then
    local ends, kept = tonumber(lease_until or ''), tonumber(keep)
    return ends and kept and ends + kept <= now
  end
  local expires = tonumber(expires_at or '')
  return state == RELEASED or (expires and expires <= now)
end

-- How long a claim keeps the record once it is abandoned, after so many others; nothing: until somebody settles it.
-- `most` is a claim's last number of attempts, or nil.
local function keep_after(abandoned, keep, most)
  if most and abandoned + 1 >= most then
    return ''
  end
  return keep
end

-- Has Redis remove a running record once it has lapsed, or never.
local function stay(lease, keep)
  if keep ~= '' then
    redis.call('PEXPIRE', key, digits(math.max(tonumber(lease) + tonumber(keep), 1)))
  else
    redis.call('PERSIST', key)
  end
end
