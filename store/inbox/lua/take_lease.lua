-- Take a lease that is free or offered, or keep one's own.
-- KEYS[1] lease, KEYS[2] offer; ARGV[1] who, ARGV[2] milliseconds. Returns 1 if it is now held by who.
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if holder and redis.call('GET', KEYS[2]) ~= holder then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
return 1
