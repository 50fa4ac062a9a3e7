"""Erase one person from all that is stored: rows, raw bodies, what waits; and leave tombstones of them.

Tombstones first, so that whatever is settled from then on comes without the person; then raw bodies, at leisure; and in
one short transaction that no batch can race with, the rows. An erasure is noted in `erasures` until nothing is left:
one that was interrupted goes on where it was.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from domain.cards import without_cards
from domain.erasure import is_named
from domain.naming import mention_pattern, names_in, spellings
from store.inbox.inbox import count_streams, stream_name
from store.leads.leads import log_access
from store.mirror import bodies
from store.mirror.bodies import MARGIN, MOST_WAITING, TooMuchWaits
from store.postgres import Connection, Pool, statement
from store.privacy.person import StoredPerson, person
from store.privacy.tombstones import Tombstones

AOF_SECONDS = 60.0
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
REWRITTEN = "wrote its append-only file anew"


@dataclass(slots=True)
class Erasure:
    """What was done: rows by table, raw bodies by where they stood."""

    rows: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    aof: str = ""
    """What became of Redis' append-only file."""


async def erase(
    pool: Pool,
    redis: Redis,
    who: StoredPerson,
    tombstones: Tombstones,
    *,
    shards: int,
    by: str,
    tell: Callable[[str], None] = lambda _: None,
) -> Erasure:
    """Done when it returns; after a failure it is begun again, and goes on. `tell` hears of each step.

    Raises TooMuchWaits; NoKey; what the stores raise. What was done by then stands.
    """
    done = Erasure()
    shards = await count_streams(redis, shards)
    for shard in range(shards):
        if await redis.xlen(stream_name(shard)) > MOST_WAITING:
            raise TooMuchWaits
    tell("tombstones")
    who, looked_to = await _tombstones(pool, who, tombstones, by)
    began = (await pool.fetchrow(statement("first_delivery")))["now"] - MARGIN
    await _bodies(pool, redis, who, done, shards=shards, since=looked_to, settled_since=BEGINNING, tell=tell)
    tell("rows")
    known, who = who, await _rows(pool, who, tombstones, by, done)
    # Clean again: bodies settled since the start, or all bodies if _rows found more names of the person.
    again = began if set(who.all_names) <= set(known.all_names) else BEGINNING
    await _bodies(pool, redis, who, done, shards=shards, since=None, settled_since=again, tell=tell)
    tell("the append-only file of Redis")
    done.aof = await _rewrite_aof(redis)
    await pool.execute(statement("end_erasure"), who.contact_id, who.names)
    return done


async def _tombstones(
    pool: Pool, who: StoredPerson, tombstones: Tombstones, by: str
) -> tuple[StoredPerson, datetime | None]:
    """And how far an earlier try has looked through the raw deliveries."""
    async with pool.acquire() as connection, connection.transaction():
        who = await _held(connection, who, tombstones)
        return who, await connection.fetchval(statement("begin_erasure"), *who, by)


async def _held(connection: Connection, who: StoredPerson, tombstones: Tombstones) -> StoredPerson:
    await connection.execute(statement("hold_who_is_who"))
    # Somebody may have written between the look and the lock.
    who = who.joined(await person(connection, str(who.contact_id)))
    await tombstones.lay(connection, who.all_names)
    return who


async def _bodies(
    pool: Pool,
    redis: Redis,
    who: StoredPerson,
    done: Erasure,
    *,
    shards: int,
    since: datetime | None,
    settled_since: datetime,
    tell: Callable[[str], None],
) -> None:
    async def come_to(at: datetime) -> None:
        tell(f"raw deliveries, as far as {at:%Y-%m-%d %H:%M}")
        if settled_since == BEGINNING:
            await pool.execute(statement("tell_erasure"), who.contact_id, at - MARGIN)

    tell("what waits")
    for shard in range(shards):
        done.bodies["stream"] += await bodies.clean_stream(redis, shard, who)
    done.bodies["spill"] += await bodies.clean_spill(pool, who)
    tell("raw deliveries and dead letters")
    done.bodies["dead letters"] += await bodies.clean_letters(pool, who)
    clean = partial(bodies.clean_deliveries, pool, who, since=since, settled_since=settled_since)
    done.bodies["deliveries"] += await clean(tell=come_to)


async def _rows(pool: Pool, who: StoredPerson, tombstones: Tombstones, by: str, done: Erasure) -> StoredPerson:
    tables, ids = await _loose_rows(pool, who)
    done.rows["cards of theirs in others' messages"] = await _cards(pool, who)
    async with pool.acquire() as connection, connection.transaction():
        who = await _held(connection, who, tombstones)
        await connection.execute(statement("begin_erasure"), *who, by)
        await log_access(connection, who.lead_id, by, "erase")
        await connection.execute(statement("detach_messages"), who.contact_id)
        for name, arguments in (("erase_rows", (who.contact_id, who.names)), ("erase_loose_rows", (tables, ids))):
            for row in await connection.fetch(statement(name), *arguments):
                done.rows[row["of"]] += row["count"]
    return who


async def _cards(pool: Pool, who: StoredPerson) -> int:
    """Take their contact cards out of what others shared; what comes later is looked at when it is settled."""
    count = 0
    for row in await pool.fetch(statement("cards_naming"), mention_pattern(who.names)):
        left = without_cards(row["content"], spellings(who.all_names))
        if left is not row["content"]:
            await pool.execute(statement("scrub_cards"), row["id"], row["content"], left)
            count += 1
    return count


async def _loose_rows(pool: Pool, who: StoredPerson) -> tuple[list[str], list[str]]:
    """Tables and ids of rows that name the person, though no key says so."""
    wanted = spellings(who.all_names)
    found = [
        (row["of"], row["id"])
        for row in await pool.fetch(statement("loose_rows_naming"), mention_pattern(who.names))
        if (row["mention_suffices"] and not wanted.isdisjoint(names_in(row["row"].encode())))
        or is_named(orjson.loads(row["row"]), who.all_names)
    ]
    return [of for of, _ in found], [id for _, id in found]


async def _rewrite_aof(redis: Redis) -> str:
    """What became of it."""
    try:
        if (await redis.config_get("appendonly")).get("appendonly") != "yes":
            return "has no append-only file to write anew"
        # One that is under way began before we were done.
        await _until_written(redis)
        await redis.execute_command("BGREWRITEAOF")  # type: ignore[no-untyped-call]
        await _until_written(redis)
    except (ResponseError, TimeoutError) as error:
        return f"did not confirm that its file was written anew ({type(error).__name__}): have it done by hand"
    return REWRITTEN


async def _until_written(redis: Redis) -> None:
    async with asyncio.timeout(AOF_SECONDS):
        while True:
            info = await redis.info("persistence")
            if not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]:
                return
            await asyncio.sleep(0.1)
