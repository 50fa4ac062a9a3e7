"""Who answered a message, facts of the bot that were not understood, sessions of handoffs, knowledge_base as a view."""

from migrations.run_sql import down, up

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
