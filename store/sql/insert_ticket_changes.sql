-- $1 ticket id, $2 field, $3 old, $4 new, $5 source, $6 actor
INSERT INTO ticket_changes (ticket_id, field, old, new, source, actor)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
