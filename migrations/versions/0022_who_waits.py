"""Two columns of contacts: since when a contact waits for an answer, and whether its chat changed lately."""

from migrations.run_sql import down, up

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
