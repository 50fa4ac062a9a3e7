-- Our own numbers, those that were deleted left out.
SELECT id FROM phone_numbers WHERE state IS DISTINCT FROM 'deleted' ORDER BY id
