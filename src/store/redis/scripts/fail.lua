-- Counts a failure. KEYS: for each counter its failures and its wait. ARGV: the longest wait in ms, how long failures are remembered in ms,
-- then for each counter how many are free.
for i = 1, #KEYS, 2 do
  local over = redis.call('INCR', KEYS[i]) - tonumber(ARGV[2 + (i + 1) / 2])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
  if over >= 0 then
    redis.call('SET', KEYS[i + 1], '', 'PX', math.min(tonumber(ARGV[1]), 1000 * 2 ^ math.min(over, 6)))
  end
end
return 1
