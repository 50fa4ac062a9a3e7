-- Says which contacts must be derived anew: those that lost a message to another contact, because a later event named
-- the person better, and those of a message that turns out to have been sent earlier.
-- $1..$26 messages, column by column, in the order of their keys, $27 contact_id
WITH written AS (
INSERT INTO messages AS m (id, conversation_id, named_as, phone_number_id, direction, type, content, content_at,
    content_tie, text, text_at, media_url, media_url_at, transcript, transcript_at, reply_to_id, origin, status,
    status_rank, sent_at, delivered_at, read_at, failed_at, error, error_at, error_tie, contact_id)
SELECT v.id, v.conversation_id, v.named_as, v.phone_number_id, v.direction, v.type, v.content::jsonb, v.content_at,
    v.content_tie, v.text, v.text_at, v.media_url, v.media_url_at, v.transcript, v.transcript_at, v.reply_to_id,
    v.origin, v.status, v.status_rank, v.sent_at, v.delivered_at, v.read_at, v.failed_at, v.error::jsonb, v.error_at,
    v.error_tie, v.contact_id
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
            $9::bigint[], $10::text[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::text[],
            $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::smallint[], $20::timestamptz[],
            $21::timestamptz[], $22::timestamptz[], $23::timestamptz[], $24::text[], $25::timestamptz[],
            $26::bigint[], $27::uuid[])
    AS v (id, conversation_id, named_as, phone_number_id, direction, type, content, content_at, content_tie, text,
          text_at, media_url, media_url_at, transcript, transcript_at, reply_to_id, origin, status, status_rank,
          sent_at, delivered_at, read_at, failed_at, error, error_at, error_tie, contact_id)
ON CONFLICT (id) DO UPDATE SET
    conversation_id = greatest(m.conversation_id, excluded.conversation_id),
    named_as = greatest(m.named_as, excluded.named_as),
    contact_id = CASE WHEN m.named_as IS NULL OR excluded.named_as >= m.named_as
        THEN coalesce(excluded.contact_id, m.contact_id) ELSE m.contact_id END,
    phone_number_id = greatest(m.phone_number_id, excluded.phone_number_id),
    direction = greatest(m.direction, excluded.direction),
    type = CASE WHEN m.content_at IS NULL OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.type ELSE m.type END,
    content = CASE WHEN m.content_at IS NULL OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.content ELSE m.content END,
    content_tie = CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.content_tie ELSE m.content_tie END,
    content_at = greatest(m.content_at, excluded.content_at),
    text = CASE WHEN m.text_at IS NULL OR (excluded.text_at, excluded.text) > (m.text_at, m.text)
        THEN excluded.text ELSE m.text END,
    text_at = greatest(m.text_at, excluded.text_at),
    media_url = CASE WHEN m.media_url_at IS NULL
        OR (excluded.media_url_at, excluded.media_url) > (m.media_url_at, m.media_url)
        THEN excluded.media_url ELSE m.media_url END,
    media_url_at = greatest(m.media_url_at, excluded.media_url_at),
    transcript = CASE WHEN m.transcript_at IS NULL
        OR (excluded.transcript_at, excluded.transcript) > (m.transcript_at, m.transcript)
        THEN excluded.transcript ELSE m.transcript END,
    transcript_at = greatest(m.transcript_at, excluded.transcript_at),
    reply_to_id = greatest(m.reply_to_id, excluded.reply_to_id),
    origin = greatest(m.origin, excluded.origin),
    status = CASE WHEN m.status_rank IS NULL OR (excluded.status_rank, excluded.status) > (m.status_rank, m.status)
        THEN excluded.status ELSE m.status END,
    status_rank = greatest(m.status_rank, excluded.status_rank),
    sent_at = least(m.sent_at, excluded.sent_at),
    delivered_at = least(m.delivered_at, excluded.delivered_at),
    read_at = least(m.read_at, excluded.read_at),
    failed_at = least(m.failed_at, excluded.failed_at),
    error = CASE WHEN m.error_at IS NULL OR (excluded.error_at, excluded.error_tie) > (m.error_at, m.error_tie)
        THEN excluded.error ELSE m.error END,
    error_tie = CASE WHEN m.error_at IS NULL OR (excluded.error_at, excluded.error_tie) > (m.error_at, m.error_tie)
        THEN excluded.error_tie ELSE m.error_tie END,
    error_at = greatest(m.error_at, excluded.error_at)
)
SELECT DISTINCT before.contact_id
FROM unnest($1::text[], $20::timestamptz[], $27::uuid[]) AS v (id, sent_at, contact_id)
    JOIN messages AS before ON before.id = v.id
WHERE before.contact_id IS NOT NULL
  AND (v.contact_id IS DISTINCT FROM before.contact_id OR v.sent_at < before.sent_at)
