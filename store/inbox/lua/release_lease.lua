-- Give up one's own lease. KEYS[1] lease, KEYS[2] offer; ARGV[1] who.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1], KEYS[2])
end
return 1
