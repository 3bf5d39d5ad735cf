"""The steps that must happen as one in Redis, as Lua scripts.

Fencing tokens and versions are compared as numbers below 2^53. A token is never smaller than the server's clock, so
that tokens keep growing even when the server lost everything that it held.
"""

LOCK = """
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local now = redis.call('TIME')
local fence = math.max(tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000),
                       tonumber(redis.call('GET', KEYS[2]) or '0') + 1)
local token = string.format('%.0f', fence)
redis.call('SET', KEYS[2], token)
redis.call('SET', KEYS[1], token, 'PX', ARGV[1])
return token
"""
"""KEYS: lock, last fence. ARGV: time to live in ms. Gives the fencing token, or nil when the lock is held."""

UNLOCK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""KEYS: lock. ARGV: fence. Frees the lock only for the one who holds it."""

PUBLISH = """
local live = redis.call('HMGET', KEYS[1], 'version', 'fence', 'thinned')
local version, fence = tonumber(ARGV[1]), tonumber(ARGV[2])
if live[1] and version <= tonumber(live[1]) then return 0 end
if live[2] and fence < tonumber(live[2]) then return 0 end
local dense, every, reach, largest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'fence', ARGV[2], 'data', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[5], ARGV[1], ARGV[4])
local size = redis.call('INCRBY', KEYS[4], #ARGV[3])

local function drop(one)
  size = redis.call('DECRBY', KEYS[4], redis.call('HSTRLEN', KEYS[3], one))
  redis.call('HDEL', KEYS[3], one)
  redis.call('HDEL', KEYS[5], one)
  redis.call('ZREM', KEYS[2], one)
end

local function thin(from, before)
  local slot
  for _, one in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('%.0f', from),
                                  string.format('(%.0f', before))) do
    local its = math.floor(tonumber(one) / every)
    if its == slot then drop(one) end
    slot = its
  end
end

for _, one in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', version - reach))) do
  drop(one)
end
local thinned = tonumber(live[3] or '0')
local border = math.max(thinned, math.floor((version - dense) / every) * every)
if border > thinned then thin(thinned, border) end
while size > largest and border + every <= version do
  thin(border, border + every)
  border = border + every
end
redis.call('HSET', KEYS[1], 'thinned', string.format('%.0f', border))
while size > largest and redis.call('ZCARD', KEYS[2]) > 1 do
  drop(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
end
return 1
"""
"""KEYS: live (hash), ring's versions (sorted set), ring's data (hash), ring's size, ring's notes (hash). ARGV: version
(milliseconds of the clock), fence, data, note; then in milliseconds how long every snapshot is kept, one in how long
after that, and how far back at all; most bytes. Gives 1 when kept, 0 when a newer one is there.

Older entries are thinned to the first of each slot; where the bytes don't suffice, so are the next slots, down to the
one of now; what is still too much goes from the oldest on. `thinned` remembers up to where, so that each publication
only looks at what has come to that age since."""
