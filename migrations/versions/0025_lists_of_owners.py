"""Indexes for the leads of one owner and for the snoozed ones, built while others write."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
