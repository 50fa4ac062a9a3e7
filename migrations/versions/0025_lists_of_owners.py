"""Indexes for the leads of one owner, of one tag, and for snoozed ones, beside writers; search knows trade and city."""

from migrations.run_sql import down_beside_writers, fill, up_beside_writers

revision = "0025"
down_revision = "0024"

# Run again, it adds nothing twice.
FILL = r"""
UPDATE lead_search AS s SET words = s.words || ' ' || v.words
FROM (SELECT r.id, lower(regexp_replace(normalize(concat_ws(' ', r.business_type, r.domisili), NFKD),
          '[\u0300-\u036f]', '', 'g')) AS words
      FROM lead_records AS r WHERE r.id = ANY (ids)) AS v
WHERE s.lead_id = v.id AND v.words <> '' AND right(s.words, length(v.words)) <> v.words
"""


def upgrade() -> None:
    fill("lead_records", FILL)
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
