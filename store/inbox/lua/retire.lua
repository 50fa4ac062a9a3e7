-- Delete a stream that no worker is set to drain any more, if nothing waits in it.
-- KEYS[1] stream, KEYS[2] index of large entries. Returns whether it is gone.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('XLEN', KEYS[1]) > 0 then
    return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
