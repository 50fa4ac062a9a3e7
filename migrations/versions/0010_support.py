"""A support desk: sentiments, tickets, several people on a lead, and the names it expects."""

from migrations.run_sql import down, up

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
