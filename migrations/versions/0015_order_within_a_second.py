"""The indexes for the order within a second, built while the mirror goes on writing."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
