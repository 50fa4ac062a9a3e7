"""Owner, tags and snoozing of leads, and the lists that users keep under a name."""

from migrations.run_sql import down, up

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
