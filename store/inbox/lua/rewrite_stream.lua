-- Write a stream anew with other bodies in some of its entries. Deleting them would leave their bytes in place, in memory
-- and on disk, until all their neighbours are gone too. Every entry keeps its position.
-- KEYS[1] stream; ARGV[1] the most entries that may stand in it; then of each that changes: position, event, body.
-- Returns how many were changed (one that has been settled by now is not), or -1 when there are too many.
if redis.call('XLEN', KEYS[1]) > tonumber(ARGV[1]) then
    return -1
end
local changed, count = {}, 0
for i = 2, #ARGV, 3 do
    changed[ARGV[i]] = { ARGV[i + 1], ARGV[i + 2] }
end
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
if #entries == 0 then
    return 0
end
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
    local id, fields = entry[1], entry[2]
    local new = changed[id]
    if new then
        count = count + 1
        for j = 1, #fields, 2 do
            if fields[j] == 'event' then fields[j + 1] = new[1] end
            if fields[j] == 'key' then fields[j + 1] = '' end
            if fields[j] == 'body' then fields[j + 1] = new[2] end
        end
    end
    redis.call('XADD', KEYS[1], id, unpack(fields))
end
return count
