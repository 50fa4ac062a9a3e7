"""What later releases found wanting: mistyped e-mails, guesses among hits, deleted leads, cleared handoffs."""

from migrations.run_sql import down, up

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
