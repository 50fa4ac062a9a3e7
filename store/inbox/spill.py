"""The spill: a Postgres table where accepted deliveries wait while Redis is away. Writes `spill`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from domain.delivery import Delivery
from store.inbox.inbox import InboxFull, Waiting
from store.postgres import Pool, columns, statement


class Spilled(NamedTuple):
    """`attempts` counts this one: how often somebody has begun to settle it."""

    delivery: Delivery
    attempts: int


class Spill:
    def __init__(self, pool: Pool, *, limit_bytes: int) -> None:
        self._pool = pool
        self._limit_bytes = limit_bytes

    async def append(self, deliveries: Sequence[Delivery]) -> None:
        """All or none; raises InboxFull, or Postgres's own error."""
        fields = ((d.id, d.received_at, d.event, d.idempotency_key, d.version, d.body) for d in deliveries)
        tag = await self._pool.execute(statement("insert_spill"), *columns(fields, 6), self._limit_bytes)
        if tag == "INSERT 0 0":
            raise InboxFull

    @asynccontextmanager
    async def ours(self) -> AsyncIterator[bool]:
        """Whether we may empty it; nobody else may until we are done, or have hung for 15 s."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield (await connection.fetchrow(statement("spill_is_ours")))["ours"]

    async def take(self, count: int, *, most_bytes: int, alone_from: int) -> list[Spilled]:
        """The oldest, at most `count` and so many bytes of bodies, but at least one.

        What was begun `alone_from` times or more comes last and by itself.
        """
        rows = await self._pool.fetch(statement("take_spill"), count, alone_from, most_bytes)
        return sorted(Spilled(Delivery(*list(row)[:6]), row["attempts"]) for row in rows)

    async def remove(self, deliveries: Sequence[Delivery]) -> None:
        keys = ((delivery.received_at, delivery.id) for delivery in deliveries)
        await self._pool.execute(statement("delete_spill"), *columns(keys, 2))

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Take back the attempt for these deliveries: it failed without a crash, and only crashes count."""
        keys = ((delivery.received_at, delivery.id) for delivery in deliveries)
        await self._pool.execute(statement("give_back_spill"), *columns(keys, 2))

    async def waiting(self) -> Waiting:
        return Waiting(*await self._pool.fetchrow(statement("spilled")))
