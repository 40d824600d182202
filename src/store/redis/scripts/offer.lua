-- Keeps a profile, unless its user is guarded or something newer is known.
-- KEYS: profile, guard, tombstone. ARGV: version, profile, time to live in ms.
-- A version is 20 decimal digits, so that text compares as numbers do; Lua's own numbers end at 2^53.
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local tombstone = redis.call('GET', KEYS[3])
if tombstone and ARGV[1] < tombstone then
  return 0
end
local held = redis.call('GETRANGE', KEYS[1], 0, 19)
if ARGV[1] < held then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
