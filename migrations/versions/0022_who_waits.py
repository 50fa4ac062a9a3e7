"""Who waits for us since when, and of whom something came in lately."""

from migrations.run_sql import down, up

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
