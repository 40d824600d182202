-- Whether a try may go on: 0, or the milliseconds that it must wait. Where failures are no longer free, one that may go on holds up the next.
-- KEYS: for each counter its failures and its wait. ARGV: the longest wait in ms, then for each counter how many failures are free.
local wait = 0
for i = 1, #KEYS, 2 do
  wait = math.max(wait, redis.call('PTTL', KEYS[i + 1]))
end
if wait > 0 then
  return wait
end
for i = 1, #KEYS, 2 do
  local over = (tonumber(redis.call('GET', KEYS[i]) or 0) or 0) - tonumber(ARGV[1 + (i + 1) / 2])
  if over >= 0 then
    redis.call('SET', KEYS[i + 1], '', 'PX', math.min(tonumber(ARGV[1]), 1000 * 2 ^ math.min(over, 6)))
  end
end
return 0
