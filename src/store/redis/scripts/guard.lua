-- Drops a cached profile and keeps any out for a while; a guard that ends later stays.
-- KEYS: profile, guard. ARGV: the guard's time in ms.
redis.call('DEL', KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[2], '', 'PX', ARGV[1])
end
return 1
