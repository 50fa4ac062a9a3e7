"""Lists, searches and reads in the access log."""

from migrations.run_sql import down, up

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
