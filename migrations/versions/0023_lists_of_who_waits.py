"""Fill the columns of revision 0022, 2,000 contacts in a transaction, and create their indexes."""

from alembic import op

from migrations.run_sql import down_beside_writers, execute, up_beside_writers

revision = "0023"
down_revision = "0022"

# Each statement of it sees what was committed before: lock first, look afterwards.
FILL = """
DO $$
DECLARE
    after uuid := '00000000-0000-0000-0000-000000000000';
    ids uuid[];
BEGIN
    LOOP
        ids := ARRAY(SELECT c.id FROM contacts AS c WHERE c.id > after ORDER BY c.id LIMIT 2000 FOR NO KEY UPDATE);
        EXIT WHEN cardinality(ids) = 0;
        UPDATE contacts AS c SET waiting_since = v.waiting_since, heard_lately = v.heard_lately
        FROM (SELECT k.id, waiting_since(k.id) AS waiting_since,
                  coalesce(k.heard_at > coalesce(r.read_to, '-infinity'), false) AS heard_lately
              FROM contacts AS k LEFT JOIN lead_records AS r ON r.contact_id = k.id WHERE k.id = ANY (ids)) AS v
        WHERE c.id = v.id AND (v.waiting_since IS NOT NULL OR v.heard_lately);
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
