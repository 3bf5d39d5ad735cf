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
local live = redis.call('HMGET', KEYS[1], 'version', 'fence')
local version, fence = tonumber(ARGV[1]), tonumber(ARGV[2])
if live[1] and version <= tonumber(live[1]) then return 0 end
if live[2] and fence < tonumber(live[2]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'fence', ARGV[2], 'data', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
local size = redis.call('INCRBY', KEYS[4], #ARGV[3])
local count = redis.call('ZCARD', KEYS[2])
local most, largest = tonumber(ARGV[4]), tonumber(ARGV[5])
while count > 1 and (count > most or size > largest) do
  local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
  size = redis.call('DECRBY', KEYS[4], redis.call('HSTRLEN', KEYS[3], oldest))
  redis.call('HDEL', KEYS[3], oldest)
  count = count - 1
end
return 1
"""
"""KEYS: live (hash), ring's versions (sorted set), ring's data (hash), ring's size. ARGV: version, fence, data, most
entries, most bytes. Gives 1 when kept, 0 when a newer one is there."""
