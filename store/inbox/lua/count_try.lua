-- Count that somebody begins with the entry at a stream's head, in a batch or alone.
-- KEYS[1] tries; ARGV[1] position of the entry, ARGV[2] 'batch' or 'alone', ARGV[3] the batch tries that stand for it
-- when it is met alone for the first time. Returns how often it was begun that way, this time included.
if redis.call('HGET', KEYS[1], 'head') ~= ARGV[1] then
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'head', ARGV[1], 'batch', ARGV[2] == 'alone' and ARGV[3] or 0, 'alone', 0)
end
return redis.call('HINCRBY', KEYS[1], ARGV[2], 1)
