-- Keep one's own lease; never take one. KEYS[1] lease; ARGV[1] who, ARGV[2] milliseconds. Returns 1 if it is held by who.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
