"""Files of messages that are kept."""

from migrations.run_sql import down, up

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
