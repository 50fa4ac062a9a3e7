"""Shapes and names as documented; numbers that were kept with the 0 by which they are dialled at home are repaired."""

import sys

from alembic import op
from sqlalchemy import text

from domain.phone import ANYWHERE, NotAPhone
from migrations.run_sql import down, up

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    repair_numbers()  # first: what follows makes the words by which leads are found, of the numbers that stand then
    up(__file__)


def downgrade() -> None:
    """Repaired numbers stay: nothing reads the others."""
    down(__file__)


def repair_numbers() -> None:
    """Corrected numbers; and where a customer was entered under such a number, the right one as their correction.

    Who has the right number already is then found in leads_of_one_number.
    """
    bind = op.get_bind()
    typed = bind.execute(
        text(
            "SELECT r.id, coalesce(r.phone, c.phone) AS phone"
            " FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id"
            " WHERE r.phone IS NOT NULL OR (c.phone IS NOT NULL AND c.wa_id IS NULL)"
        )
    ).all()
    for id, phone in typed:
        try:
            number = ANYWHERE.read(phone)
        except NotAPhone:
            continue
        if number != phone:
            bind.execute(text("UPDATE lead_records SET phone = :number WHERE id = :id"), {"number": number, "id": id})
    pairs = bind.execute(
        text(
            "SELECT coalesce(sum(leads * (leads - 1) / 2), 0)::integer FROM ("
            "SELECT count(*) AS leads FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id"
            " WHERE r.deleted_at IS NULL GROUP BY coalesce(r.phone, c.phone)"
            " HAVING coalesce(r.phone, c.phone) IS NOT NULL) AS numbers"
        )
    ).scalar()
    if pairs:
        sys.stdout.write(
            f"{pairs} pairs of leads have one number: read leads_of_one_number, and merge who is one person\n"
        )
