-- Take one from a bucket that fills steadily, if more than a reserve is left.
-- KEYS[1] bucket, KEYS[2] names the bucket in use; ARGV[1] capacity, ARGV[2] filled per second, ARGV[3] reserve, ARGV[4] now (seconds).
-- Returns 0 when taken, else in how many milliseconds to ask again.
local left = tonumber(redis.call('HGET', KEYS[1], 'left') or ARGV[1])
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or ARGV[4])
local now, rate, reserve = tonumber(ARGV[4]), tonumber(ARGV[2]), tonumber(ARGV[3])
left = math.min(tonumber(ARGV[1]), left + math.max(0, now - at) * rate)
at = math.max(at, now)
local wait = 0
if left >= 1 + reserve then
    left = left - 1
else
    wait = math.ceil((1 + reserve - left) / rate * 1000)
end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', tostring(at), 'capacity', ARGV[1], 'rate', ARGV[2])
redis.call('EXPIRE', KEYS[1], 3600)
redis.call('SET', KEYS[2], KEYS[1], 'EX', 3600)
return wait
