"""The mirror's tables."""

from migrations.run_sql import down, up

revision = "0001"
down_revision = None


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
