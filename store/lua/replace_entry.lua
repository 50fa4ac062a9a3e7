-- Put an entry anew at the end of its stream with another body, if it still waits. Order does not matter.
-- KEYS[1] stream; ARGV[1] position, then the six fields: id, received_at, event, idempotency key, version, body.
-- Returns 1, or 0 when the entry has been settled by now.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then
    return 0
end
redis.call('XADD', KEYS[1], '*', 'id', ARGV[2], 'at', ARGV[3], 'event', ARGV[4], 'key', ARGV[5],
           'version', ARGV[6], 'body', ARGV[7])
return 1
