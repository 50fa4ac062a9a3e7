"""Handoffs: what the bot knew when it gave a conversation to a person, and whether the CRM has it."""

from migrations.run_sql import down, up

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
