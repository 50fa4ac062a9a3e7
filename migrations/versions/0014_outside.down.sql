ALTER TABLE deliveries DROP COLUMN dropped;
ALTER TABLE phone_numbers DROP COLUMN error, DROP COLUMN error_at, DROP COLUMN error_tie;
-- The release before keeps one preference a contact.
UPDATE sightings AS s SET marketing_preference = p.preference, marketing_sequence = p.sequence, marketing_preference_at = p.said_at
FROM preference_sightings AS p
WHERE p.handle = s.handle AND p.bsuid = s.bsuid
  AND (s.marketing_sequence IS NULL OR (p.sequence, p.said_at) > (s.marketing_sequence, s.marketing_preference_at));
DROP TABLE preference_sightings, message_edits;
ALTER TABLE contacts DROP COLUMN last_message_received_at;
ALTER TABLE messages
    DROP CONSTRAINT messages_of_groups,
    DROP COLUMN first_received_at, DROP COLUMN group_id, DROP COLUMN group_member, DROP COLUMN referral,
    DROP COLUMN referral_tie, DROP COLUMN referred_product, DROP COLUMN referred_product_tie, DROP COLUMN edited_at,
    DROP COLUMN edited_tie, DROP COLUMN revoked_at, DROP COLUMN unedited_type, DROP COLUMN unedited_content,
    DROP COLUMN unedited_text;
COMMENT ON COLUMN messages.text IS 'What the person wrote, chose or captioned; never a rendering.';
DROP TABLE inbox_losses, inbox_watermarks, erasures, login_addresses;
UPDATE dead_letters AS l SET body = coalesce(
    (SELECT d.body FROM deliveries AS d WHERE d.received_at = l.received_at AND d.id = l.delivery_id),
    (SELECT k.body FROM dead_letters AS k WHERE k.delivery_id = l.delivery_id AND k.body IS NOT NULL
     ORDER BY k.position LIMIT 1),
    '')
WHERE body IS NULL;
ALTER TABLE dead_letters ALTER COLUMN body SET NOT NULL;
COMMENT ON COLUMN dead_letters.body IS NULL;
COMMENT ON TABLE dead_letters IS 'Events that failed for good, with the exact bytes of their delivery; position is the event''s place in it.';
