-- Append deliveries to one stream, all or none.
-- KEYS[1] stream; ARGV[1] the most entries it may hold, ARGV[2] the most bytes, then six fields a delivery:
-- id, received_at (microseconds), event, idempotency key, version, body.
-- Returns 1, or 0 when the stream is full.
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1])
    or (redis.call('MEMORY', 'USAGE', KEYS[1]) or 0) >= tonumber(ARGV[2]) then
    return 0
end
for i = 3, #ARGV, 6 do
    redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'at', ARGV[i + 1], 'event', ARGV[i + 2], 'key', ARGV[i + 3],
               'version', ARGV[i + 4], 'body', ARGV[i + 5])
end
return 1
