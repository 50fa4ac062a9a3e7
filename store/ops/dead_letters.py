"""Dead letters: which there are, by cause, and what becomes of them. Writes the states of `dead_letters`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.delivery import Delivery
from domain.phone import Phones
from store.postgres import Pool, statement

PAGE = 200


class LetterQuery(NamedTuple):
    """What a command acts on; None leaves a condition out. `names` are bytes of which one must stand in the body."""

    state: str | None = "open"
    event: str | None = None
    kind: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    names: list[bytes] | None = None
    id: int | None = None


class Letter(NamedTuple):
    """Without its body, which may be large and is the same for all letters of a delivery: see `Bodies`."""

    id: int
    delivery_id: UUID
    position: int
    received_at: datetime
    event: str | None
    idempotency_key: str | None
    version: str | None
    error_kind: str
    error: str
    fingerprint: str
    code_version: str | None
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    state: str

    def delivery(self, body: bytes) -> Delivery:
        source = "poll" if (self.event or "").startswith("poll.") else "push"
        return Delivery(
            self.delivery_id, self.received_at, self.event, self.idempotency_key, self.version, body, source
        )


class LetterGroup(NamedTuple):
    """Letters of one cause; `example` is the id of one of them."""

    fingerprint: str
    error_kind: str
    error: str
    events: list[str]
    letters: int
    first_failed_at: datetime
    last_failed_at: datetime
    example: int


async def matching(pool: Pool, wanted: LetterQuery, *, limit: int | None = None) -> AsyncIterator[Letter]:
    """By id, a page at a time; those that fail or change meanwhile do not disturb it."""
    after, left = 0, limit
    while left is None or left > 0:
        count = PAGE if left is None else min(PAGE, left)
        rows = await pool.fetch(statement("dead_letters_page"), *wanted, after, count)
        for row in rows:
            yield Letter(*row)
        if len(rows) < count:
            return
        after, left = rows[-1]["id"], None if left is None else left - len(rows)


class Bodies:
    """The exact bytes of letters' deliveries. Letters of one delivery mostly follow each other, so the last is kept."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._of: UUID | None = None
        self._body = b""

    async def of(self, letter: Letter) -> bytes:
        """Empty if it was pruned meanwhile."""
        if letter.delivery_id != self._of:
            self._body = await self._pool.fetchval(statement("dead_letter_body"), letter.id) or b""
            self._of = letter.delivery_id
        return self._body


async def groups(pool: Pool, wanted: LetterQuery) -> list[LetterGroup]:
    return [LetterGroup(*row) for row in await pool.fetch(statement("dead_letter_groups"), *wanted)]


async def count(pool: Pool, wanted: LetterQuery) -> int:
    return int(await pool.fetchval(statement("count_dead_letters"), *wanted))


async def discard(pool: Pool, wanted: LetterQuery) -> int:
    """Returns how many; only open ones are."""
    return int((await pool.execute(statement("discard_dead_letters"), *wanted)).split()[-1])


async def resolve(pool: Pool, letter: Letter, *, ignored: bool) -> None:
    """Its one event was applied or ignored: the letter and its delivery's books say so, once."""
    books = (letter.received_at, letter.delivery_id, 0 if ignored else 1, 1 if ignored else 0)
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(statement("resolve_dead_letter"), letter.id):
            await connection.execute(statement("book_event_alive"), *books)


async def rebook(pool: Pool, letter: Letter, *, applied: int, ignored: int, failed: Sequence[int]) -> None:
    """Its delivery was replayed as a whole; `failed` are the positions of the events that are still dead."""
    async with pool.acquire() as connection, connection.transaction():
        key = (letter.received_at, letter.delivery_id)
        await connection.execute(statement("rebook_delivery"), *key, applied, ignored, len(failed))
        await connection.execute(statement("resolve_delivery"), letter.delivery_id, list(failed))


async def names_of(pool: Pool, contact: str, phones: Phones) -> list[bytes]:
    """Every name of the contact that has this id, number in any form, or other name; at least that text itself."""
    given = [contact, *phones.meant(contact)]
    return [row["name"].encode() for row in await pool.fetch(statement("names_of_contact"), given)]
