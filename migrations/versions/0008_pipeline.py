"""The pipeline: what a lead may be worth, its rank, its client; and leads put out of sight."""

from migrations.run_sql import down, up

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    up(__file__)


def downgrade() -> None:
    down(__file__)
