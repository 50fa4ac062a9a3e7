-- Append deliveries to one stream, all or none, and number them. Large ones are indexed, so that a reader can bound what
-- it asks for.
-- KEYS[1] stream, KEYS[2] index of large entries (a stream with the same ids), KEYS[3] watermark: the epoch and how many
-- were appended in it. An epoch begins when there is none, so that a Redis that lost its data is recognised.
-- ARGV[1] the most entries the stream may hold, ARGV[2] the most bytes, ARGV[3] from how many bytes on a body is large,
-- then six fields a delivery: id, received_at (microseconds), event, idempotency key, version, body.
-- Returns the epoch and the numbers of the first and the last one, or nothing when the stream is full.
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1])
    or (redis.call('MEMORY', 'USAGE', KEYS[1]) or 0) >= tonumber(ARGV[2]) then
    return false
end
local epoch = redis.call('HGET', KEYS[3], 'epoch')
if not epoch then
    local now = redis.call('TIME')
    epoch = string.format('%d%06d', now[1], now[2])
    redis.call('HSET', KEYS[3], 'epoch', epoch)
end
local count = (#ARGV - 3) / 6
local last = redis.call('HINCRBY', KEYS[3], 'appended', count)
local number, large = last - count, tonumber(ARGV[3])
for i = 4, #ARGV, 6 do
    number = number + 1
    local position = redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'at', ARGV[i + 1], 'event', ARGV[i + 2],
                                'key', ARGV[i + 3], 'version', ARGV[i + 4], 'body', ARGV[i + 5],
                                'epoch', epoch, 'number', number)
    if #ARGV[i + 5] >= large then
        redis.call('XADD', KEYS[2], position, 'bytes', #ARGV[i + 5])
    end
end
return { epoch, last - count + 1, last }
