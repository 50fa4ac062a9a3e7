"""Indexes for the overview: leads by when they came, leads with a value, changes by time."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
