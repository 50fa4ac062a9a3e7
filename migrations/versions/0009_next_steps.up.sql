-- Next steps that rules, a model or programs suggest; carried out by nobody before a person has approved them.

CREATE TABLE next_steps (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id            uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    type               text NOT NULL CHECK (type IN ('TASK', 'PR', 'REPLY', 'FOLLOW_UP', 'SEND_EMAIL', 'SCHEDULE_CALL',
                                                     'SEND_PROPOSAL')),
    status             text NOT NULL DEFAULT 'PENDING'
                       CHECK (status IN ('DRAFT', 'PENDING', 'APPROVED', 'REJECTED', 'MODIFIED', 'FAILED')),
    suggested_content  jsonb NOT NULL CHECK (jsonb_typeof(suggested_content) = 'object'),
    approved_content   jsonb CHECK (jsonb_typeof(approved_content) = 'object'),
    confidence         real CHECK (confidence BETWEEN 0 AND 1),
    reasoning          text CHECK (length(reasoning) BETWEEN 1 AND 2000),
    tokens             integer NOT NULL DEFAULT 0 CHECK (tokens >= 0),
    source             text NOT NULL CHECK (source IN ('human', 'agent', 'ai', 'bot')),
    actor              text NOT NULL CHECK (actor <> ''),
    occasion           text CHECK (occasion <> ''),
    made_at            timestamptz NOT NULL DEFAULT now(),
    decided_by         text,
    decided_at         timestamptz,
    decision_reason    text,
    error              text,
    CHECK ((status IN ('DRAFT', 'PENDING')) = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK ((status = 'MODIFIED') <= (approved_content IS NOT NULL)),
    CHECK ((status = 'FAILED') = (error IS NOT NULL))
);
COMMENT ON TABLE next_steps IS 'What to do next about a lead, as somebody suggests it. APPROVED and MODIFIED ones are for people and programs to carry out; the mirror carries out none.';
COMMENT ON COLUMN next_steps.suggested_content IS 'What the type takes, as suggested; never changed.';
COMMENT ON COLUMN next_steps.approved_content IS 'What a person made of it before approving (MODIFIED).';
COMMENT ON COLUMN next_steps.tokens IS 'What a model cost to word it.';
COMMENT ON COLUMN next_steps.occasion IS 'What called for it: the same occasion is suggested once for a lead.';
CREATE UNIQUE INDEX next_steps_once ON next_steps (lead_id, occasion);
CREATE INDEX next_steps_by_lead ON next_steps (lead_id, id DESC);
CREATE INDEX next_steps_open ON next_steps (id DESC) WHERE status IN ('DRAFT', 'PENDING');
CREATE INDEX next_steps_to_do ON next_steps (id) WHERE status IN ('APPROVED', 'MODIFIED');
