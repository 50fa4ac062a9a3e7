"""Imports of leads from files."""

from migrations.run_sql import down, up

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
