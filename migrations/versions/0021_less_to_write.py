"""Less to write for each event: keys that every batch keeps by itself, and an index that moved with every event."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
