-- Made by `python3 dev.py sql` from the rules of domain/types.py: change those, and run it again.
-- Rows are given column by column, in the order of their keys, which is the order of locks.


-- name: upsert_sightings(handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username,
--     username_at)
WITH v AS (
    SELECT * FROM unnest(:handle::text[], :bsuid::text[], :first_at::timestamptz[], :last_at::timestamptz[],
                         :as_wa_id::boolean[], :as_phone::boolean[], :as_parent::boolean[], :name::text[],
                         :name_at::timestamptz[], :username::text[], :username_at::timestamptz[])
        AS v (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username, username_at)
)
INSERT INTO sightings AS s (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username,
    username_at)
SELECT v.handle, v.bsuid, v.first_at, v.last_at, v.as_wa_id, v.as_phone, v.as_parent, v.name, v.name_at, v.username,
    v.username_at
FROM v
ON CONFLICT (handle, bsuid) DO UPDATE SET
    first_at = least(s.first_at, excluded.first_at),
    last_at = greatest(s.last_at, excluded.last_at),
    as_wa_id = greatest(s.as_wa_id, excluded.as_wa_id),
    as_phone = greatest(s.as_phone, excluded.as_phone),
    as_parent = greatest(s.as_parent, excluded.as_parent),
    name = CASE WHEN s.name_at IS NULL OR (excluded.name_at, excluded.name) > (s.name_at, s.name)
        THEN excluded.name ELSE s.name END,
    name_at = greatest(s.name_at, excluded.name_at),
    username = CASE WHEN s.username_at IS NULL
        OR (excluded.username_at, excluded.username) > (s.username_at, s.username)
        THEN excluded.username ELSE s.username END,
    username_at = greatest(s.username_at, excluded.username_at)


-- name: upsert_phone_numbers(id, display_phone_number, display_phone_number_at, name, name_at, state, state_at,
--     account_state, account_state_at, error, error_at, error_tie)
-- Nearly every event names a number and says nothing of it: that touches no row, so that drains don't wait for each
-- other.
WITH v AS (
    SELECT * FROM unnest(:id::text[], :display_phone_number::text[], :display_phone_number_at::timestamptz[],
                         :name::text[], :name_at::timestamptz[], :state::text[], :state_at::timestamptz[],
                         :account_state::text[], :account_state_at::timestamptz[], :error::text[],
                         :error_at::timestamptz[], :error_tie::bigint[])
        AS v (id, display_phone_number, display_phone_number_at, name, name_at, state, state_at, account_state,
              account_state_at, error, error_at, error_tie)
)
INSERT INTO phone_numbers AS p (id, display_phone_number, display_phone_number_at, name, name_at, state, state_at,
    account_state, account_state_at, error, error_at, error_tie)
SELECT v.id, v.display_phone_number, v.display_phone_number_at, v.name, v.name_at, v.state, v.state_at,
    v.account_state, v.account_state_at, v.error::jsonb, v.error_at, v.error_tie
FROM v
WHERE num_nonnulls(v.display_phone_number, v.name, v.state, v.account_state, v.error) > 0
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
    account_state_at = greatest(p.account_state_at, excluded.account_state_at),
    error = CASE WHEN p.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (p.error_at, p.error_tie)
        THEN excluded.error ELSE p.error END,
    error_at = greatest(p.error_at, excluded.error_at),
    error_tie = CASE WHEN p.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (p.error_at, p.error_tie)
        THEN excluded.error_tie ELSE p.error_tie END


-- name: upsert_conversations(id, named_as, phone_number_id, status, state_at, created_at, last_active_at, ended_at,
--     metadata, metadata_at, metadata_received_at, metadata_tie, contact_id)
WITH v AS (
    SELECT * FROM unnest(:id::uuid[], :named_as::text[], :phone_number_id::text[], :status::text[],
                         :state_at::timestamptz[], :created_at::timestamptz[], :last_active_at::timestamptz[],
                         :ended_at::timestamptz[], :metadata::text[], :metadata_at::timestamptz[],
                         :metadata_received_at::timestamptz[], :metadata_tie::bigint[], :contact_id::uuid[])
        AS v (id, named_as, phone_number_id, status, state_at, created_at, last_active_at, ended_at, metadata,
              metadata_at, metadata_received_at, metadata_tie, contact_id)
)
INSERT INTO conversations AS c (id, named_as, phone_number_id, status, state_at, created_at, last_active_at, ended_at,
    metadata, metadata_at, metadata_received_at, metadata_tie, contact_id)
SELECT v.id, v.named_as, v.phone_number_id, v.status, v.state_at, v.created_at, v.last_active_at, v.ended_at,
    v.metadata::jsonb, v.metadata_at, v.metadata_received_at, v.metadata_tie, v.contact_id
FROM v
ON CONFLICT (id) DO UPDATE SET
    named_as = greatest(c.named_as, excluded.named_as),
    phone_number_id = greatest(c.phone_number_id, excluded.phone_number_id),
    status = CASE WHEN c.state_at IS NULL OR (excluded.state_at, excluded.status) > (c.state_at, c.status)
        THEN excluded.status ELSE c.status END,
    state_at = greatest(c.state_at, excluded.state_at),
    created_at = least(c.created_at, excluded.created_at),
    last_active_at = greatest(c.last_active_at, excluded.last_active_at),
    ended_at = CASE WHEN c.state_at IS NULL OR (excluded.state_at, excluded.status) > (c.state_at, c.status)
        THEN excluded.ended_at ELSE c.ended_at END,
    metadata = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata ELSE c.metadata END,
    metadata_at = greatest(c.metadata_at, excluded.metadata_at),
    metadata_received_at = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata_received_at ELSE c.metadata_received_at END,
    metadata_tie = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata_tie ELSE c.metadata_tie END,
    contact_id = CASE WHEN c.named_as IS NULL OR excluded.named_as >= c.named_as
        THEN coalesce(excluded.contact_id, c.contact_id) ELSE c.contact_id END


-- name: upsert_messages(id, conversation_id, named_as, phone_number_id, direction, type, content, content_at,
--     content_tie, text, text_at, media_url, media_url_at, transcript, transcript_at, reply_to_id, origin, status,
--     status_rank, sent_at, delivered_at, read_at, failed_at, error, error_at, error_tie, group_id, group_member,
--     referral, referral_tie, referred_product, referred_product_tie, first_received_at, edited_type, edited_content,
--     edited_text, edited_at, edited_tie, revoked_at, contact_id)
-- Returns the ids of new messages (id), and which contacts must be derived anew (contact_id): those that lost a message
-- to another contact, because a later event named the person better, and those of a message that turns out to have been
-- sent, or received, earlier. A message of a group belongs to no contact. An edit is shown in place of what was sent:
-- type, content and text are the newest edit's, and unedited_type, unedited_content and unedited_text keep what was
-- sent.
WITH v AS (
    SELECT * FROM unnest(:id::text[], :conversation_id::uuid[], :named_as::text[], :phone_number_id::text[],
                         :direction::text[], :type::text[], :content::text[], :content_at::timestamptz[],
                         :content_tie::bigint[], :text::text[], :text_at::timestamptz[], :media_url::text[],
                         :media_url_at::timestamptz[], :transcript::text[], :transcript_at::timestamptz[],
                         :reply_to_id::text[], :origin::text[], :status::text[], :status_rank::bigint[],
                         :sent_at::timestamptz[], :delivered_at::timestamptz[], :read_at::timestamptz[],
                         :failed_at::timestamptz[], :error::text[], :error_at::timestamptz[], :error_tie::bigint[],
                         :group_id::text[], :group_member::text[], :referral::text[], :referral_tie::bigint[],
                         :referred_product::text[], :referred_product_tie::bigint[], :first_received_at::timestamptz[],
                         :edited_type::text[], :edited_content::text[], :edited_text::text[],
                         :edited_at::timestamptz[], :edited_tie::bigint[], :revoked_at::timestamptz[],
                         :contact_id::uuid[])
        AS v (id, conversation_id, named_as, phone_number_id, direction, type, content, content_at, content_tie, text,
              text_at, media_url, media_url_at, transcript, transcript_at, reply_to_id, origin, status, status_rank,
              sent_at, delivered_at, read_at, failed_at, error, error_at, error_tie, group_id, group_member, referral,
              referral_tie, referred_product, referred_product_tie, first_received_at, edited_type, edited_content,
              edited_text, edited_at, edited_tie, revoked_at, contact_id)
), written AS (
INSERT INTO messages AS m (id, conversation_id, named_as, phone_number_id, direction, type, content, content_at,
    content_tie, text, text_at, media_url, media_url_at, transcript, transcript_at, reply_to_id, origin, status,
    status_rank, sent_at, delivered_at, read_at, failed_at, error, error_at, error_tie, group_id, group_member,
    referral, referral_tie, referred_product, referred_product_tie, first_received_at, edited_at, edited_tie,
    revoked_at, contact_id, unedited_type, unedited_content, unedited_text)
SELECT v.id, v.conversation_id, v.named_as, v.phone_number_id, v.direction,
    CASE WHEN v.edited_at IS NULL THEN v.type ELSE v.edited_type END,
    CASE WHEN v.edited_at IS NULL THEN v.content ELSE v.edited_content END::jsonb, v.content_at, v.content_tie,
    CASE WHEN v.edited_at IS NULL THEN v.text ELSE v.edited_text END, v.text_at, v.media_url, v.media_url_at,
    v.transcript, v.transcript_at, v.reply_to_id, v.origin, v.status, v.status_rank, v.sent_at, v.delivered_at,
    v.read_at, v.failed_at, v.error::jsonb, v.error_at, v.error_tie, v.group_id, v.group_member, v.referral::jsonb,
    v.referral_tie, v.referred_product::jsonb, v.referred_product_tie, v.first_received_at, v.edited_at, v.edited_tie,
    v.revoked_at, v.contact_id, CASE WHEN v.edited_at IS NOT NULL THEN v.type END,
    CASE WHEN v.edited_at IS NOT NULL THEN v.content END::jsonb, CASE WHEN v.edited_at IS NOT NULL THEN v.text END
FROM v
ON CONFLICT (id) DO UPDATE SET
    conversation_id = greatest(m.conversation_id, excluded.conversation_id),
    named_as = greatest(m.named_as, excluded.named_as),
    phone_number_id = greatest(m.phone_number_id, excluded.phone_number_id),
    direction = greatest(m.direction, excluded.direction),
    type = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NULL
        THEN CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.type ELSE m.type END
        ELSE CASE WHEN m.edited_at IS NULL
        OR (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.type ELSE m.type END END,
    content = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NULL
        THEN CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.content ELSE m.content END
        ELSE CASE WHEN m.edited_at IS NULL
        OR (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.content ELSE m.content END END,
    content_at = greatest(m.content_at, excluded.content_at),
    content_tie = CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN excluded.content_tie ELSE m.content_tie END,
    text = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NULL
        THEN CASE WHEN m.text_at IS NULL OR (excluded.text_at, excluded.text) > (m.text_at, m.text)
        THEN excluded.text ELSE m.text END
        ELSE CASE WHEN m.edited_at IS NULL
        OR (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.text ELSE m.text END END,
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
    status = CASE WHEN m.status_rank IS NULL
        OR (excluded.status_rank, excluded.status) > (m.status_rank, m.status)
        THEN excluded.status ELSE m.status END,
    status_rank = greatest(m.status_rank, excluded.status_rank),
    sent_at = least(m.sent_at, excluded.sent_at),
    delivered_at = least(m.delivered_at, excluded.delivered_at),
    read_at = least(m.read_at, excluded.read_at),
    failed_at = least(m.failed_at, excluded.failed_at),
    error = CASE WHEN m.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (m.error_at, m.error_tie)
        THEN excluded.error ELSE m.error END,
    error_at = greatest(m.error_at, excluded.error_at),
    error_tie = CASE WHEN m.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (m.error_at, m.error_tie)
        THEN excluded.error_tie ELSE m.error_tie END,
    group_id = greatest(m.group_id, excluded.group_id),
    group_member = greatest(m.group_member, excluded.group_member),
    referral = CASE WHEN m.referral_tie IS NULL OR excluded.referral_tie > m.referral_tie
        THEN excluded.referral ELSE m.referral END,
    referral_tie = greatest(m.referral_tie, excluded.referral_tie),
    referred_product = CASE WHEN m.referred_product_tie IS NULL OR excluded.referred_product_tie > m.referred_product_tie
        THEN excluded.referred_product ELSE m.referred_product END,
    referred_product_tie = greatest(m.referred_product_tie, excluded.referred_product_tie),
    first_received_at = least(m.first_received_at, excluded.first_received_at),
    edited_at = greatest(m.edited_at, excluded.edited_at),
    edited_tie = CASE WHEN m.edited_at IS NULL
        OR (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.edited_tie ELSE m.edited_tie END,
    revoked_at = least(m.revoked_at, excluded.revoked_at),
    contact_id = CASE WHEN coalesce(m.group_id, excluded.group_id) IS NULL
        THEN CASE WHEN m.named_as IS NULL OR excluded.named_as >= m.named_as
        THEN coalesce(excluded.contact_id, m.contact_id) ELSE m.contact_id END END,
    unedited_type = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NOT NULL
        THEN CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN CASE WHEN excluded.edited_at IS NULL THEN excluded.type ELSE excluded.unedited_type END
        ELSE CASE WHEN m.edited_at IS NULL THEN m.type ELSE m.unedited_type END END END,
    unedited_content = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NOT NULL
        THEN CASE WHEN m.content_at IS NULL
        OR (excluded.content_at, excluded.content_tie) > (m.content_at, m.content_tie)
        THEN CASE WHEN excluded.edited_at IS NULL THEN excluded.content ELSE excluded.unedited_content END
        ELSE CASE WHEN m.edited_at IS NULL THEN m.content ELSE m.unedited_content END END END,
    unedited_text = CASE WHEN coalesce(m.edited_at, excluded.edited_at) IS NOT NULL
        THEN CASE WHEN m.text_at IS NULL
        OR (excluded.text_at, CASE WHEN excluded.edited_at IS NULL THEN excluded.text ELSE excluded.unedited_text END)
         > (m.text_at, CASE WHEN m.edited_at IS NULL THEN m.text ELSE m.unedited_text END)
        THEN CASE WHEN excluded.edited_at IS NULL THEN excluded.text ELSE excluded.unedited_text END
        ELSE CASE WHEN m.edited_at IS NULL THEN m.text ELSE m.unedited_text END END END
)
SELECT CASE WHEN before.id IS NULL THEN v.id END AS id, before.contact_id
FROM v LEFT JOIN messages AS before ON before.id = v.id
WHERE before.id IS NULL OR before.contact_id IS NOT NULL
  AND (v.contact_id <> before.contact_id OR v.group_id IS NOT NULL OR v.sent_at < before.sent_at
       OR v.first_received_at < before.first_received_at)


-- name: upsert_message_edits(id, message_id, edited_at, edited_tie, type, content, text)
WITH v AS (
    SELECT * FROM unnest(:id::text[], :message_id::text[], :edited_at::timestamptz[], :edited_tie::bigint[],
                         :type::text[], :content::text[], :text::text[])
        AS v (id, message_id, edited_at, edited_tie, type, content, text)
)
INSERT INTO message_edits AS m (id, message_id, edited_at, edited_tie, type, content, text)
SELECT v.id, v.message_id, v.edited_at, v.edited_tie, v.type, v.content::jsonb, v.text
FROM v
ON CONFLICT (id) DO UPDATE SET
    message_id = greatest(m.message_id, excluded.message_id),
    edited_at = greatest(m.edited_at, excluded.edited_at),
    edited_tie = CASE WHEN (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.edited_tie ELSE m.edited_tie END,
    type = CASE WHEN (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.type ELSE m.type END,
    content = CASE WHEN (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.content ELSE m.content END,
    text = CASE WHEN (excluded.edited_at, excluded.edited_tie) > (m.edited_at, m.edited_tie)
        THEN excluded.text ELSE m.text END


-- name: upsert_workflow_executions(id, workflow_id, conversation_id, channel, tracking_id, status, status_at, handoff,
--     handoff_at, handoff_tie, error, error_at, error_tie, started_at, ended_at)
WITH v AS (
    SELECT * FROM unnest(:id::text[], :workflow_id::text[], :conversation_id::uuid[], :channel::text[],
                         :tracking_id::text[], :status::text[], :status_at::timestamptz[], :handoff::text[],
                         :handoff_at::timestamptz[], :handoff_tie::bigint[], :error::text[], :error_at::timestamptz[],
                         :error_tie::bigint[], :started_at::timestamptz[], :ended_at::timestamptz[])
        AS v (id, workflow_id, conversation_id, channel, tracking_id, status, status_at, handoff, handoff_at,
              handoff_tie, error, error_at, error_tie, started_at, ended_at)
)
INSERT INTO workflow_executions AS w (id, workflow_id, conversation_id, channel, tracking_id, status, status_at,
    handoff, handoff_at, handoff_tie, error, error_at, error_tie, started_at, ended_at)
SELECT v.id, v.workflow_id, v.conversation_id, v.channel, v.tracking_id, v.status, v.status_at, v.handoff::jsonb,
    v.handoff_at, v.handoff_tie, v.error::jsonb, v.error_at, v.error_tie, v.started_at, v.ended_at
FROM v
ON CONFLICT (id) DO UPDATE SET
    workflow_id = greatest(w.workflow_id, excluded.workflow_id),
    conversation_id = greatest(w.conversation_id, excluded.conversation_id),
    channel = greatest(w.channel, excluded.channel),
    tracking_id = greatest(w.tracking_id, excluded.tracking_id),
    status = CASE WHEN w.status_at IS NULL OR (excluded.status_at, excluded.status) > (w.status_at, w.status)
        THEN excluded.status ELSE w.status END,
    status_at = greatest(w.status_at, excluded.status_at),
    handoff = CASE WHEN w.handoff_at IS NULL
        OR (excluded.handoff_at, excluded.handoff_tie) > (w.handoff_at, w.handoff_tie)
        THEN excluded.handoff ELSE w.handoff END,
    handoff_at = greatest(w.handoff_at, excluded.handoff_at),
    handoff_tie = CASE WHEN w.handoff_at IS NULL
        OR (excluded.handoff_at, excluded.handoff_tie) > (w.handoff_at, w.handoff_tie)
        THEN excluded.handoff_tie ELSE w.handoff_tie END,
    error = CASE WHEN w.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (w.error_at, w.error_tie)
        THEN excluded.error ELSE w.error END,
    error_at = greatest(w.error_at, excluded.error_at),
    error_tie = CASE WHEN w.error_at IS NULL
        OR (excluded.error_at, excluded.error_tie) > (w.error_at, w.error_tie)
        THEN excluded.error_tie ELSE w.error_tie END,
    started_at = least(w.started_at, excluded.started_at),
    ended_at = least(w.ended_at, excluded.ended_at)


-- name: upsert_project_events(id, name, conversation_id, occurred_at, properties, properties_tie)
WITH v AS (
    SELECT * FROM unnest(:id::text[], :name::text[], :conversation_id::uuid[], :occurred_at::timestamptz[],
                         :properties::text[], :properties_tie::bigint[])
        AS v (id, name, conversation_id, occurred_at, properties, properties_tie)
)
INSERT INTO project_events AS p (id, name, conversation_id, occurred_at, properties, properties_tie)
SELECT v.id, v.name, v.conversation_id, v.occurred_at, v.properties::jsonb, v.properties_tie
FROM v
ON CONFLICT (id) DO UPDATE SET
    name = greatest(p.name, excluded.name),
    conversation_id = greatest(p.conversation_id, excluded.conversation_id),
    occurred_at = greatest(p.occurred_at, excluded.occurred_at),
    properties = CASE WHEN p.properties_tie IS NULL OR excluded.properties_tie > p.properties_tie
        THEN excluded.properties ELSE p.properties END,
    properties_tie = greatest(p.properties_tie, excluded.properties_tie)


-- name: upsert_preferences(handle, bsuid, phone_number_id, preference, sequence, said_at)
-- Returns which contacts' preferences changed.
WITH v AS (
    SELECT * FROM unnest(:handle::text[], :bsuid::text[], :phone_number_id::text[], :preference::text[],
                         :sequence::bigint[], :said_at::timestamptz[])
        AS v (handle, bsuid, phone_number_id, preference, sequence, said_at)
), written AS (
INSERT INTO preference_sightings AS p (handle, bsuid, phone_number_id, preference, sequence, said_at)
SELECT v.handle, v.bsuid, v.phone_number_id, v.preference, v.sequence, v.said_at
FROM v
ON CONFLICT (handle, bsuid, phone_number_id) DO UPDATE SET
    sequence = excluded.sequence,
    said_at = excluded.said_at,
    preference = excluded.preference
WHERE (excluded.sequence, excluded.said_at, excluded.preference) > (p.sequence, p.said_at, p.preference)
RETURNING handle, bsuid
)
SELECT DISTINCT s.contact_id
FROM written AS w JOIN sightings AS s USING (handle, bsuid) WHERE s.contact_id IS NOT NULL
