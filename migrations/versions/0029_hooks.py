"""Hooks and their notifications."""

from migrations.run_sql import down, up

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
