-- Takes the record, or shows what stands in the way.
-- ARGV: time for tests, fingerprint, attempt, lease, takeover (never, abandoned, from), attempt that was seen.
-- Answers the time and the record as it then stands. The caller reads from it whether the claim won.
local fingerprint, attempt, lease, takeover, seen = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local row = read('f', 'a', 's', 'l', 't', 'e', 'c', 'h', 'b')
if row.err then
  return row
end
local holder, state = row[2], row[3]
local now = clock()

local function shown()
  return { digits(now), row }
end

local function lease_until()
  return digits(now + tonumber(lease))
end

-- The first write of each is one that a server with full memory refuses: then there are no new claims.
local function take_free(existed)
  row = { fingerprint, attempt, RUNNING, lease_until(), false, false, false, false, false }
  redis.call('HSET', key, 'f', fingerprint, 'a', attempt, 's', RUNNING, 'l', row[4])
  if existed then
    redis.call('HDEL', key, 't', 'e', 'c', 'h', 'b')
    -- A running record never expires.
    redis.call('PERSIST', key)
  end
  return shown()
end

local function take_over()
  row[2], row[4], row[5] = attempt, lease_until(), holder
  redis.call('HSET', key, 'a', row[2], 'l', row[4], 't', row[5])
  return shown()
end

local function take_again()
  row[4] = lease_until()
  redis.call('HSET', key, 'l', row[4])
  return shown()
end

if unreadable(holder, state) then
  return shown()
end
if not state then
  return take_free(false)
end

-- Expiry, then the fingerprint, then the state, then the lease.
if state == RELEASED then
  return take_free(true)
end
if state ~= RUNNING and row[6] then
  local expires_at = tonumber(row[6])
  if expires_at and expires_at <= now then
    return take_free(true)
  end
end
if row[1] ~= fingerprint or state ~= RUNNING then
  return shown()
end
local ends = tonumber(row[4] or '')
if not ends then
  return shown()
end
if holder == attempt then
  return take_again()
end
if ends <= now and (takeover == 'abandoned' or (takeover == 'from' and seen == holder)) then
  return take_over()
end
return shown()
