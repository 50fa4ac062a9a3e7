"""What is kept how long: messages, dead letters, leads. Raw deliveries go by their days (store.mirror.deliveries)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from store.knowledge import chat_index
from store.postgres import Pool, statement
from store.privacy import erase
from store.privacy.person import person
from store.privacy.tombstones import Tombstones

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Retention:
    """Days; None keeps for ever."""

    messages: int | None = None
    dead_letters: int | None = None
    leads: int | None = None

    def __bool__(self) -> bool:
        return any((self.messages, self.dead_letters, self.leads))


@dataclass(slots=True)
class Pruned:
    messages: int = 0
    dead_letters: int = 0
    leads: int = 0


async def prune(
    pool: Pool,
    redis: Redis,
    keep: Retention,
    tombstones: Tombstones,
    *,
    shards: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Pruned:
    """In small transactions; begun again it goes on. A lead that is too old is erased with its contact."""
    done = Pruned()
    if keep.messages:
        while count := await _messages(pool, _before(keep.messages)):
            done.messages += count
            tell(f"{done.messages} messages")
    if keep.dead_letters:
        done.dead_letters = await pool.fetchval(statement("prune_dead_letters"), _before(keep.dead_letters))
    if keep.leads:
        for row in await pool.fetch(statement("old_leads"), _before(keep.leads)):
            who = await person(pool, str(row["contact_id"]))
            # Erasing takes its time, and they may have written meanwhile.
            if who and await pool.fetchval(statement("is_old_lead"), who.contact_id, _before(keep.leads)):
                await erase.erase(pool, redis, who, tombstones, shards=shards, by="retention")
                done.leads += 1
                tell(f"{done.leads} leads")
    return done


async def old(pool: Pool, keep: Retention) -> Pruned:
    """How much is too old now."""
    before = [_before(days) if days else None for days in (keep.messages, keep.dead_letters, keep.leads)]
    return Pruned(*(await pool.fetchrow(statement("count_old"), *before)).values())


async def _messages(pool: Pool, before: datetime) -> int:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("share_who_is_who"))
        rows = await connection.fetch(statement("old_messages"), before, CHUNK)
        contacts = sorted({row["contact_id"] for row in rows if row["contact_id"]})
        await connection.execute(statement("lock_contacts"), contacts)
        leads = await connection.fetch(statement("leads_of_contacts"), contacts)
        await connection.execute(statement("delete_messages"), [row["id"] for row in rows])
        # What was said in them is not to be found any more either.
        await chat_index.put(connection, {row["id"]: row["contact_id"] for row in leads})
        # What was said last is derived from what is left.
        await connection.execute(statement("refresh_contacts"), contacts)
    return len(rows)


def _before(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
