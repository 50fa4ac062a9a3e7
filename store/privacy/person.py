"""One person with every name that is stored of them: what erasing and exporting go by."""

from typing import NamedTuple
from uuid import UUID

from domain.phone import ANYWHERE, Phones
from store.mirror.who import asked_for, meant
from store.postgres import Connection, Pool, statement


class StoredPerson(NamedTuple):
    contact_id: UUID
    lead_id: UUID
    names: list[str]
    """Numbers and business-scoped ids."""
    conversations: list[str]
    messages: list[str]

    @property
    def all_names(self) -> list[str]:
        return [*self.names, *self.conversations, *self.messages]

    def joined(self, other: "StoredPerson | None") -> "StoredPerson":
        """With the names of the other one too."""
        if other is None:
            return self
        both = [sorted({*one, *more}) for one, more in zip(self[2:], other[2:], strict=True)]
        return StoredPerson(self.contact_id, self.lead_id, *both)


async def person(pool: Pool | Connection, given: str, phones: Phones = ANYWHERE) -> StoredPerson | None:
    """Find a person with all stored names, also those that an unfinished erasure recorded. Raises Ambiguous."""
    who = await meant(pool, given, phones)
    if who is None:
        id, names, _ = asked_for(given, phones)
        return await unfinished(pool, id, names)
    found: dict[str, list[str]] = {"person": [], "conversation": [], "message": []}
    for row in await pool.fetch(statement("names_to_erase"), who.contact_id):
        found[row["kind"]].append(row["name"])
    stored = StoredPerson(*who, found["person"], found["conversation"], found["message"])
    return stored.joined(await unfinished(pool, who.contact_id, stored.names))


async def unfinished(pool: Pool | Connection, id: UUID | None, names: list[str]) -> StoredPerson | None:
    """The person of an unfinished erasure, by id or name. Their rows may be deleted while other data still exists."""
    row = await pool.fetchrow(statement("unfinished_erasure"), id, names)
    return StoredPerson(*row) if row else None
