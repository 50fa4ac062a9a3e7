"""Keep past alarms for 90 days, and samples of lag for eight days."""

from migrations.run_sql import down, up

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
