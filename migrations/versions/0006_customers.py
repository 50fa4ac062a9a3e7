"""Customers: what a CRM wants to know of a lead beside what the chat tells."""

from migrations.run_sql import down, up

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
