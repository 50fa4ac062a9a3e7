"""Who is meant by what a person typed: an id, a number in any form, a business-scoped id, an e-mail or a @username."""

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from rows.search import e164
from store.postgres import Connection, Pool, statement


class Who(NamedTuple):
    contact_id: UUID
    lead_id: UUID


class Ambiguous(Exception):
    """More than one person is meant."""


async def meant(pool: Pool | Connection, given: str) -> Who | None:
    """Also by the ids of contacts and leads that were merged. Raises Ambiguous."""
    asked = given.replace("\0", "").strip()
    number = e164(asked)
    names = [asked, asked.lower(), *([number, number[1:]] if number else [])]
    found = await pool.fetch(statement("person"), _id(asked), names, asked.removeprefix("@"))
    if len(found) > 1:
        raise Ambiguous(f"{given!r} names more than one person: give the contact's id")
    return Who(**found[0]) if found else None


def _id(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text)
    return None
