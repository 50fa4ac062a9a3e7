"""An index that tells whether an agent has ever moved a lead, built while others write."""

from migrations.run_sql import down_beside_writers, up_beside_writers

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    up_beside_writers(__file__)


def downgrade() -> None:
    down_beside_writers(__file__)
