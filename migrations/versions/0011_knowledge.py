"""What we know, found by words and by meaning."""

from migrations.run_sql import down, up

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
