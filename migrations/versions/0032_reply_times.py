"""Times of first replies, kept for the overview, and an index of status changes."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
