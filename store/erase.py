"""Erase one person from all that is stored: rows, raw bodies, what waits; and leave tombstones of them.

Tombstones first, so that whatever is settled from then on comes without the person; then raw bodies, at leisure; and in
one short transaction that no batch can race with, the rows.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from rows.erasure import EMPTY, EVENT, pattern, scrubbed
from store.inbox import SCRIPTS, Reader, stream_name
from store.leads import log_access
from store.postgres import Connection, Pool, statement
from store.tombstones import Tombstones
from store.who import meant

PAGE = 200
MOST_WAITING = 20_000
AOF_SECONDS = 60.0
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Clocks differ, and a batch takes its time.
MARGIN = timedelta(minutes=5)
REWRITTEN = "wrote its append-only file anew"


class Person(NamedTuple):
    contact_id: UUID
    lead_id: UUID
    names: list[str]
    """Numbers and business-scoped ids."""
    conversations: list[str]
    messages: list[str]
    first_seen_at: datetime | None


class TooMuchWaits(Exception):
    """The inbox is too full to be written anew: erase again once the workers have caught up."""


@dataclass(slots=True)
class Erasure:
    """What was done: rows by table, raw bodies by where they stood."""

    rows: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    aof: str = ""
    """What became of Redis' append-only file."""


async def person(pool: Pool | Connection, given: str) -> Person | None:
    """With all that is named after them. Raises Ambiguous."""
    who = await meant(pool, given)
    if who is None:
        return None
    names: dict[str, list[str]] = {"person": [], "conversation": [], "message": []}
    for row in await pool.fetch(statement("names_to_erase"), who.contact_id):
        names[row["kind"]].append(row["name"])
    first_seen_at = await pool.fetchval(statement("first_seen"), who.contact_id)
    return Person(*who, names["person"], names["conversation"], names["message"], first_seen_at)


async def erase(
    pool: Pool,
    redis: Redis,
    who: Person,
    tombstones: Tombstones,
    *,
    shards: int,
    by: str,
    tell: Callable[[str], None] = lambda _: None,
) -> Erasure:
    """Done when it returns; after a failure it can be begun again. `tell` hears of each step. Raises TooMuchWaits.

    The tombstones come first: from then on whatever is settled comes without the person. The rows go last: until then
    the person is found, and the command can be given again.
    """
    done = Erasure()
    for shard in range(shards):
        if await redis.xlen(stream_name(shard)) > MOST_WAITING:
            raise TooMuchWaits
    tell("tombstones")
    who = await _tombstones(pool, who, tombstones)
    began = (await pool.fetchrow(statement("first_delivery")))["now"] - MARGIN
    await _bodies(pool, redis, who, done, shards=shards, settled_since=BEGINNING, tell=tell)
    tell("rows")
    who = await _rows(pool, who, tombstones, by, done)
    # What they said while we were at it.
    await _bodies(pool, redis, who, done, shards=shards, settled_since=began, tell=tell)
    tell("the append-only file of Redis")
    done.aof = await _rewrite_aof(redis)
    return done


async def _tombstones(pool: Pool, who: Person, tombstones: Tombstones) -> Person:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("hold_who_is_who"))
        # Somebody may have written between the look and the lock.
        who = await person(connection, str(who.contact_id)) or who
        await tombstones.lay(connection, [*who.names, *who.conversations, *who.messages])
    return who


async def _bodies(
    pool: Pool,
    redis: Redis,
    who: Person,
    done: Erasure,
    *,
    shards: int,
    settled_since: datetime,
    tell: Callable[[str], None],
) -> None:
    names = [*who.names, *who.conversations, *who.messages]
    tell("what waits")
    for shard in range(shards):
        done.bodies["stream"] += await _stream(redis, shard, names)
    done.bodies["spill"] += await _spill(pool, names)
    tell("raw deliveries and dead letters")
    done.bodies["dead letters"] += await _letters(pool, names)
    done.bodies["deliveries"] += await _deliveries(pool, who, settled_since, tell)


async def _rows(pool: Pool, who: Person, tombstones: Tombstones, by: str, done: Erasure) -> Person:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("hold_who_is_who"))
        # Somebody may have written between the look and the lock.
        who = await person(connection, str(who.contact_id)) or who
        await tombstones.lay(connection, [*who.names, *who.conversations, *who.messages])
        await log_access(connection, who.lead_id, by, "erase")
        await connection.execute(statement("detach_messages"), who.contact_id)
        for row in await connection.fetch(statement("erase_rows"), who.contact_id, who.names):
            done.rows[row["of"]] += row["count"]
    return who


async def _stream(redis: Redis, shard: int, names: Collection[str]) -> int:
    """What waits in a stream, without the person. What a drain has in hand is cleaned when it is settled."""
    reader, after = Reader(redis, shard), b"0"
    changed: list[str | bytes] = []
    for _ in range(MOST_WAITING // PAGE + 1):
        entries = await reader.read(after, count=PAGE, wait_ms=1)
        for position, delivery in entries:
            if (body := _without(delivery.body, names)) is not None:
                changed += [position, (EVENT if body == EMPTY else delivery.event) or "", body]
        if not entries:
            break
        after = entries[-1].position
    if not changed:
        return 0
    rewrite = redis.register_script((SCRIPTS / "rewrite_stream.lua").read_text())
    count = int(await rewrite(keys=[stream_name(shard)], args=[MOST_WAITING, *changed]))
    if count < 0:
        raise TooMuchWaits
    return count


async def _spill(pool: Pool, names: Sequence[str]) -> int:
    count = 0
    async with pool.acquire() as connection, connection.transaction():
        for row in await connection.fetch(statement("bodies_of_spill"), _bytes(names)):
            if (body := _without(row["body"], names)) is not None:
                event = EVENT if body == EMPTY else row["event"]
                await connection.execute(statement("scrub_spill"), row["received_at"], row["id"], body, event)
                count += 1
    return count


async def _letters(pool: Pool, names: Sequence[str]) -> int:
    count = 0
    for row in await pool.fetch(statement("bodies_of_letters"), _bytes(names)):
        if (body := _without(row["body"], names)) is not None:
            empty = body == EMPTY
            await pool.execute(statement("scrub_letter"), row["id"], body, EVENT if empty else row["event"], empty)
            count += 1
    return count


async def _deliveries(pool: Pool, who: Person, settled_since: datetime, tell: Callable[[str], None]) -> int:
    """Hour by hour: each look is short, however much is stored."""
    names = [*who.names, *who.conversations, *who.messages]
    sought = _bytes([*who.names, *who.conversations]), _bytes(who.messages)
    span = await pool.fetchrow(statement("first_delivery"))
    count, at = 0, span["first"] or span["now"]
    while at <= span["now"] + MARGIN:
        rows = await pool.fetch(statement("bodies_of_deliveries"), *sought, at, at + HOUR, settled_since)
        for row in rows:
            if (body := _without(row["body"], names)) is not None:
                event = EVENT if body == EMPTY else row["event"]
                await pool.execute(statement("scrub_delivery"), row["received_at"], row["id"], body, event)
                count += 1
        at += HOUR
        tell(f"raw deliveries, as far as {at:%Y-%m-%d %H:%M}")
    return count


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


def _without(body: bytes, names: Collection[str]) -> bytes | None:
    """The body without the person; None when nothing in it is theirs."""
    if not pattern(names).search(body.decode(errors="replace")):
        return None
    left = scrubbed(body, names)
    return None if left == body or orjson.loads(left) == orjson.loads(body) else left


def _bytes(names: Collection[str]) -> list[bytes]:
    return [name.lstrip("+").removeprefix("kapso:").removeprefix("email:").encode() for name in names]
