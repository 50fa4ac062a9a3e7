-- Begin a new epoch in place of one in which numbers were given out twice.
-- KEYS[1] watermark; ARGV[1] the epoch that ends. Another one that has begun meanwhile stays. Returns 1.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
    local now = redis.call('TIME')
    redis.call('HSET', KEYS[1], 'epoch', string.format('%d%06d', now[1], now[2]), 'appended', 0)
end
return 1
