"""A bound for chats that a model can't answer, and alarms found in order without reading all."""

from migrations.run_sql import down, up

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
