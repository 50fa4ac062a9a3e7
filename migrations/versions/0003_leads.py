"""The lead database: leads, their history, notes and suggestions; extraction; erasing."""

from migrations.run_sql import down, up

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
