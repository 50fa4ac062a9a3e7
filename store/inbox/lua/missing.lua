-- How many numbered entries have disappeared between the last one that a drain removed and the first one that is there.
-- They are noted as gone, so that they are reported once.
-- KEYS[1] stream, KEYS[2] watermark. Returns the epoch and how many, or nothing.
local mark = redis.call('HMGET', KEYS[2], 'epoch', 'appended', 'trimmed_epoch', 'trimmed')
local epoch, appended = mark[1], tonumber(mark[2])
if not epoch or not appended then
    return false
end
-- A release that does not note what it removes may still be at work: nothing is known before the first note.
if mark[3] ~= epoch then
    return false
end
local trimmed = tonumber(mark[4])
local there = appended
local head = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if head then
    local fields = {}
    for i = 1, #head[2], 2 do
        fields[head[2][i]] = head[2][i + 1]
    end
    if fields['epoch'] ~= epoch or not tonumber(fields['number']) then
        return false
    end
    there = tonumber(fields['number']) - 1
end
if there <= trimmed then
    return false
end
redis.call('HSET', KEYS[2], 'trimmed_epoch', epoch, 'trimmed', there)
return { epoch, there - trimmed }
