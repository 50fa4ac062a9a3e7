"""Next steps that are suggested for a lead, and what became of each."""

from migrations.run_sql import down, up

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
