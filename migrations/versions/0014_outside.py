"""What comes from outside: dead letters that point to their delivery."""

from migrations.run_sql import down, up

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
