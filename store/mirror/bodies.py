"""Raw bodies wherever they are stored, found by the names of a person, and written anew without them.

What is looked for first is a superset, in any spelling; `domain.erasure` decides. One body at a time is in memory.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from redis.asyncio import Redis

from domain.erasure import EMPTY, EVENT, erased_places, scrubbed
from domain.naming import bare, mention_pattern
from store.inbox.inbox import SCRIPTS, StreamReader, stream_name
from store.postgres import Connection, Pool, statement
from store.privacy.person import StoredPerson

PAGE = 200
# A stream is written anew in one go: while that runs, Redis does nothing else.
MOST_WAITING, MOST_WAITING_BYTES = 20_000, 256 * 1024 * 1024
HOUR = timedelta(hours=1)
# For each place: the statement that returns the keys of rows whose body may name the person, and the statement that
# returns one body by its key.
PLACES = {
    "letters": (partial(statement, "letters_naming"), partial(statement, "letter_body")),
    "spill": (partial(statement, "spill_naming"), partial(statement, "spill_body")),
}
# Clocks differ, and a batch takes its time.
MARGIN = timedelta(minutes=5)


class TooMuchWaits(Exception):
    """The inbox is too full to be written anew: erase again once the workers have caught up."""


class Sought(NamedTuple):
    """What the statements look for."""

    pattern: str
    conversations: list[bytes]
    messages: list[bytes]


class FoundBody(NamedTuple):
    """A body that may name the person; `key` names its row."""

    key: tuple[Any, ...]
    event: str | None
    body: bytes


def sought(who: StoredPerson) -> Sought:
    return Sought(mention_pattern(who.names), _bytes(who.conversations), _bytes(who.messages))


async def in_deliveries(
    pool: Pool, who: StoredPerson, *, since: datetime | None, settled_since: datetime
) -> AsyncIterator[FoundBody | datetime]:
    """Hour by hour, so that each look is short, however much is stored; after each hour, the time it ended at."""
    span = await pool.fetchrow(statement("first_delivery"))
    at = max(one for one in (since, span["first"] or span["now"]) if one)
    wanted = sought(who)
    while at <= span["now"] + MARGIN:
        for key in await pool.fetch(statement("deliveries_naming"), *wanted, at, at + HOUR, settled_since):
            if row := await pool.fetchrow(statement("delivery_body"), *key):
                yield FoundBody(tuple(key), row["event"], row["body"])
        at += HOUR
        yield at


async def in_rows(connection: Pool | Connection, who: StoredPerson, place: str) -> AsyncIterator[FoundBody]:
    """Of `letters` or `spill`."""
    wanted = sought(who)
    ids = [*wanted.conversations, *wanted.messages]
    keys, one = PLACES[place]
    for key in await connection.fetch(keys(), wanted.pattern, ids):
        row = await connection.fetchrow(one(), *key)
        if row and row["body"] is not None:
            yield FoundBody(tuple(key), row["event"], row["body"])


async def clean_stream(redis: Redis, shard: int, who: StoredPerson) -> int:
    """What waits in a stream, without the person. What a drain has in hand is cleaned when it is settled.

    Returns how many entries changed. Raises TooMuchWaits.
    """
    reader, after = StreamReader(redis, shard), b"0"
    changed: list[str | bytes] = []
    size = 0
    for _ in range(MOST_WAITING + 1):
        entries = await reader.read(after, count=PAGE, wait_ms=1)
        for entry in entries:
            size += len(entry.delivery.body)
            body = scrubbed(entry.delivery.body, who.all_names)
            if body is not entry.delivery.body:
                changed += [entry.position, (EVENT if body == EMPTY else entry.delivery.event) or "", body]
        if size > MOST_WAITING_BYTES:
            raise TooMuchWaits
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


async def clean_spill(pool: Pool, who: StoredPerson) -> int:
    count = 0
    async with pool.acquire() as connection, connection.transaction():
        async for found in in_rows(connection, who, "spill"):
            if (body := scrubbed(found.body, who.all_names)) is not found.body:
                event = EVENT if body == EMPTY else found.event
                await connection.execute(statement("scrub_spill"), *found.key, body, event)
                count += 1
    return count


async def clean_letters(pool: Pool, who: StoredPerson) -> int:
    count = 0
    async for found in in_rows(pool, who, "letters"):
        if (body := scrubbed(found.body, who.all_names)) is not found.body:
            empty = body == EMPTY
            await pool.execute(statement("scrub_letter"), *found.key, body, EVENT if empty else found.event, empty)
            count += 1
    return count


async def clean_deliveries(
    pool: Pool, who: StoredPerson, *, since: datetime | None, settled_since: datetime, tell: Callable[[datetime], Any]
) -> int:
    """`tell` is awaited with how far the look has come."""
    count = 0
    async for found in in_deliveries(pool, who, since=since, settled_since=settled_since):
        if isinstance(found, datetime):
            await tell(found)
        elif (body := scrubbed(found.body, who.all_names)) is not found.body:
            event, left = (EVENT, None) if body == EMPTY else (found.event, sorted(erased_places(body)))
            await pool.execute(statement("scrub_delivery"), *found.key, body, event, left)
            count += 1
    return count


def _bytes(names: Sequence[str]) -> list[bytes]:
    return [bare(name).encode() for name in names]
