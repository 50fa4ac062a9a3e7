-- Since when a contact waits for an answer, and whether its chat changed lately. With these columns, a message status
-- changes no index of its contact.
ALTER TABLE contacts ADD COLUMN waiting_since timestamptz, ADD COLUMN heard_lately boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN contacts.waiting_since IS 'Since when they wait for us: their first message after our last answer (is_answer). Null while they do not wait.';
COMMENT ON COLUMN contacts.heard_at IS 'When something of this person last came in here (not when it was said): tells extraction what to look at again.';
COMMENT ON COLUMN contacts.heard_lately IS 'Whether something came in (heard_at) that extraction has not read, or that came in lately: where extraction looks.';
CREATE FUNCTION waiting_since(contact uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH answer AS (
        SELECT m.sent_at, coalesce(m.first_received_at, '-infinity') AS received_at, m.id FROM messages AS m
        WHERE m.contact_id = contact AND m.sent_at IS NOT NULL AND m.type IS DISTINCT FROM 'reaction'
          AND m.direction = 'outbound' AND m.status IS DISTINCT FROM 'failed'
        ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT 1)
    SELECT min(m.sent_at) FROM messages AS m
    WHERE m.contact_id = contact AND m.direction = 'inbound' AND m.type IS DISTINCT FROM 'reaction'
      AND m.sent_at >= coalesce((SELECT a.sent_at FROM answer AS a), '-infinity')
      AND NOT EXISTS (SELECT FROM answer AS a
                      WHERE (m.sent_at, coalesce(m.first_received_at, '-infinity'), m.id) < (a.sent_at, a.received_at, a.id))
$$;
CREATE FUNCTION contact_heard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.heard_lately := true;
    RETURN NEW;
END $$;
CREATE TRIGGER contacts_heard BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN (NEW.heard_at IS DISTINCT FROM OLD.heard_at AND NOT NEW.heard_lately) EXECUTE FUNCTION contact_heard();
CREATE FUNCTION contact_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.waiting_since := waiting_since(NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER contacts_wait BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN (NEW.last_message_id IS DISTINCT FROM OLD.last_message_id
          AND (NEW.waiting_since IS NULL) = (NEW.last_message_direction = 'inbound')) EXECUTE FUNCTION contact_waits();
