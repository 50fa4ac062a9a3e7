"""The desk: users, their sessions, and what each has read."""

from migrations.run_sql import down, up

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
