CREATE TABLE hooks (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    kind        text NOT NULL CHECK (kind IN ('webhook', 'slack', 'email')),
    target      text CHECK (length(target) BETWEEN 1 AND 2000),
    events      text[] NOT NULL CHECK (cardinality(events) > 0),
    generation  integer NOT NULL DEFAULT 1 CHECK (generation > 0),
    rotated_at  timestamptz,
    paused_at   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL CHECK (created_by <> ''),
    CHECK ((kind = 'slack') = (target IS NULL))
);
COMMENT ON TABLE hooks IS 'Webhooks, Slack channels and e-mail addresses that get notifications. Secrets are derived from HOOKS_KEY, the id and the generation, and are not stored.';
CREATE TABLE notifications (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hook_id      uuid NOT NULL REFERENCES hooks ON DELETE CASCADE,
    event        text NOT NULL,
    lead_id      uuid REFERENCES lead_records ON DELETE CASCADE,
    data         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    occurred_at  timestamptz NOT NULL DEFAULT now(),
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
    attempts     integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    sent_at      timestamptz,
    error        text,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON TABLE notifications IS 'One row for each hook and event, inserted in the transaction of the change. Holds no personal data: the sender reads the lead when it sends.';
CREATE INDEX notifications_due ON notifications (next_try_at, id) WHERE state = 'waiting';
CREATE INDEX notifications_in_order ON notifications (hook_id, lead_id, id) WHERE state = 'waiting';
CREATE INDEX notifications_dead ON notifications (hook_id, id) WHERE state = 'dead';
CREATE INDEX notifications_of_lead ON notifications (lead_id) WHERE lead_id IS NOT NULL;
