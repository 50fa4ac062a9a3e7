"""Fill the columns of revision 0022, 2,000 contacts in a transaction, and create their indexes."""

from migrations.run_sql import down_beside_writers, fill, up_beside_writers

revision = "0023"
down_revision = "0022"

FILL = """
UPDATE contacts AS c SET waiting_since = v.waiting_since, heard_lately = v.heard_lately
FROM (SELECT k.id, waiting_since(k.id) AS waiting_since,
          coalesce(k.heard_at > coalesce(r.read_to, '-infinity'), false) AS heard_lately
      FROM contacts AS k LEFT JOIN lead_records AS r ON r.contact_id = k.id WHERE k.id = ANY (ids)) AS v
WHERE c.id = v.id AND (v.waiting_since IS NOT NULL OR v.heard_lately)
"""


def upgrade() -> None:
    fill("contacts", FILL)
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
