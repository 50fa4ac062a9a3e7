"""A typo is found by an index of spellings, not by reading every name."""

from migrations.run_sql import down, up

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
