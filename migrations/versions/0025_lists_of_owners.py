"""Indexes for the leads of one owner and for the snoozed ones, beside writers; the search knows trade and city."""

from alembic import op

from migrations.run_sql import down_beside_writers, execute, up_beside_writers

revision = "0025"
down_revision = "0024"

# 2,000 leads in a transaction. Run again, it adds nothing twice.
FILL = r"""
DO $$
DECLARE
    after uuid := '00000000-0000-0000-0000-000000000000';
    ids uuid[];
BEGIN
    LOOP
        ids := ARRAY(SELECT r.id FROM lead_records AS r WHERE r.id > after ORDER BY r.id LIMIT 2000);
        EXIT WHEN cardinality(ids) = 0;
        UPDATE lead_search AS s SET words = s.words || ' ' || v.words
        FROM (SELECT r.id, lower(regexp_replace(normalize(concat_ws(' ', r.business_type, r.domisili), NFKD),
                  '[\u0300-\u036f]', '', 'g')) AS words
              FROM lead_records AS r WHERE r.id = ANY (ids)) AS v
        WHERE s.lead_id = v.id AND v.words <> '' AND right(s.words, length(v.words)) <> v.words;
        after := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$;
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        execute(op.get_bind(), FILL)
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
