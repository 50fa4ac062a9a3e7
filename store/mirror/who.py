"""Who is meant by what a person typed: an id, a number in any form, a business-scoped id, an e-mail or a @username."""

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from domain.phone import ANYWHERE, Phones
from store.postgres import Connection, Pool, statement


class Who(NamedTuple):
    contact_id: UUID
    lead_id: UUID


class Ambiguous(Exception):
    """More than one person is meant."""


async def meant(pool: Pool | Connection, given: str, phones: Phones = ANYWHERE) -> Who | None:
    """Also by the ids of contacts and leads that were merged. Raises Ambiguous."""
    found = await pool.fetch(statement("person"), *asked_for(given, phones))
    if len(found) > 1:
        raise Ambiguous(f"{given!r} names more than one person: give the contact's id")
    return Who(**found[0]) if found else None


def asked_for(given: str, phones: Phones) -> tuple[UUID | None, list[str], str]:
    """The id, the names and the username that may be meant (pure)."""
    asked = given.replace("\0", "").strip()
    names = [asked, asked.lower(), *(name for number in phones.meant(asked) for name in (number, number[1:]))]
    return _id(asked), names, asked.removeprefix("@")


def _id(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text)
    return None
