-- Remove entries that were settled, and note the number of the last one: what else disappears is a loss. The note only grows,
-- so that two drains at once do no harm.
-- KEYS[1] stream, KEYS[2] index of large entries, KEYS[3] watermark; ARGV[1] the position behind the last one, ARGV[2] its epoch
-- and ARGV[3] its number, or both empty.
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1])
if ARGV[2] ~= '' then
    local noted = redis.call('HMGET', KEYS[3], 'trimmed_epoch', 'trimmed')
    if noted[1] ~= ARGV[2] or tonumber(noted[2] or 0) < tonumber(ARGV[3]) then
        redis.call('HSET', KEYS[3], 'trimmed_epoch', ARGV[2], 'trimmed', ARGV[3])
    end
end
return 1
