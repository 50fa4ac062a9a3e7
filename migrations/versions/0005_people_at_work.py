"""People and programs at work: search, keys, replays that pages ask for, lag by ten seconds."""

from migrations.run_sql import down, up

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
