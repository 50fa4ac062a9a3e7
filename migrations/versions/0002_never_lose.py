"""What it takes never to lose: the spill, replays, cursors and windows of the poll, alarms, progress."""

from migrations.run_sql import down, up

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
