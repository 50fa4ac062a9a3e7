"""Invitations, a second factor, single sign-on, and who changed whose account."""

from migrations.run_sql import down, up

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
