-- Drops a cached profile that is older than a version, and keeps older ones out by a tombstone.
-- KEYS: profile, tombstone. ARGV: version (see offer.lua), time to live in ms.
local held = redis.call('GETRANGE', KEYS[1], 0, 19)
if held < ARGV[1] then
  redis.call('DEL', KEYS[1])
end
local version, ttl = ARGV[1], tonumber(ARGV[2])
local tombstone = redis.call('GET', KEYS[2])
if tombstone then
  if version < tombstone then
    version = tombstone
  end
  ttl = math.max(ttl, redis.call('PTTL', KEYS[2]))
end
redis.call('SET', KEYS[2], version, 'PX', string.format('%.0f', ttl))
return 1
