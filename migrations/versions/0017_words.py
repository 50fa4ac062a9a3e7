"""What each column is, said where people read it."""

from migrations.run_sql import down, up

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
