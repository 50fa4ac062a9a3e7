"""Chats that wait for a language model, after the rules have read them; and plainer comments."""

from migrations.run_sql import down, up

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
