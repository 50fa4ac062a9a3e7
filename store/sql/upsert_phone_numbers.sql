-- Nearly every event names a number and says nothing of it: that touches no row, so that drains don't wait for each other.
-- $1..$9 phone numbers, column by column, in the order of their keys
INSERT INTO phone_numbers AS p (id, display_phone_number, display_phone_number_at, name, name_at, state, state_at,
    account_state, account_state_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::text[],
                     $7::timestamptz[], $8::text[], $9::timestamptz[])
    AS v (id, display_phone_number, display_phone_number_at, name, name_at, state, state_at, account_state,
          account_state_at)
WHERE num_nonnulls(v.display_phone_number, v.name, v.state, v.account_state) > 0
   OR NOT EXISTS (SELECT FROM phone_numbers AS known WHERE known.id = v.id)
ON CONFLICT (id) DO UPDATE SET
    display_phone_number = CASE WHEN p.display_phone_number_at IS NULL
        OR (excluded.display_phone_number_at, excluded.display_phone_number)
         > (p.display_phone_number_at, p.display_phone_number)
        THEN excluded.display_phone_number ELSE p.display_phone_number END,
    display_phone_number_at = greatest(p.display_phone_number_at, excluded.display_phone_number_at),
    name = CASE WHEN p.name_at IS NULL OR (excluded.name_at, excluded.name) > (p.name_at, p.name)
        THEN excluded.name ELSE p.name END,
    name_at = greatest(p.name_at, excluded.name_at),
    state = CASE WHEN p.state_at IS NULL OR (excluded.state_at, excluded.state) > (p.state_at, p.state)
        THEN excluded.state ELSE p.state END,
    state_at = greatest(p.state_at, excluded.state_at),
    account_state = CASE WHEN p.account_state_at IS NULL
        OR (excluded.account_state_at, excluded.account_state) > (p.account_state_at, p.account_state)
        THEN excluded.account_state ELSE p.account_state END,
    account_state_at = greatest(p.account_state_at, excluded.account_state_at)
