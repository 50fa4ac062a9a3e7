"""How much each stream of Redis has accepted, remembered in Postgres: so a Redis that lost data is recognised.

The append script numbers the deliveries of a stream within an *epoch*, which begins in an empty Redis. A receiver
reports the newest numbers about once a second, a drain how far it has settled. If Redis shows another epoch, or a
smaller number than was accepted, it has lost data: after FLUSHALL, with a new or a truncated append-only file, after a
failover to a replica that was behind. Writes `inbox_watermarks` and `inbox_losses`.
"""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from store.inbox.inbox import SCRIPTS, Numbered, stream_name, watermark_name
from store.postgres import Pool, columns, statement

log = structlog.get_logger(__name__)

Key: TypeAlias = tuple[int, str]
"""Shard and epoch."""

# A drain reports a batch that it had in hand within this time.
JUDGED_AFTER_SECONDS = 5.0


class Watermarks:
    """A receiver's side: what it had accepted, and whether Redis gives out a number that was given out before."""

    def __init__(self) -> None:
        self._unreported: dict[Key, int] = {}
        self._floor: dict[Key, int] = {}
        self._rolled_back: dict[Key, int] = {}
        self._learned: dict[Key, int] = {}

    def accepted(self, shard: int, epoch: str, first: int, last: int) -> None:
        """Redis has accepted the deliveries with these numbers."""
        key = shard, epoch
        if first <= self._floor.get(key, 0):
            # The numbers behind it belong to new deliveries; those that had them before are gone.
            self._rolled_back.setdefault(key, first - 1)
        if key in self._rolled_back:
            return
        self._floor[key] = last
        self._unreported[key] = max(last, self._unreported.get(key, 0))

    async def learn(self, pool: Pool) -> None:
        """Before the first append: what was accepted before this process began. Raises what Postgres raises."""
        for shard, epoch, accepted in await pool.fetch(statement("open_watermarks")):
            self._floor[shard, epoch] = max(accepted, self._floor.get((shard, epoch), 0))

    async def report(self, pool: Pool, redis: Redis) -> None:
        """Tell Postgres what is new, and learn what other receivers had accepted. Raises what the stores raise."""
        unreported, self._unreported = self._unreported, {}
        try:
            await report(pool, unreported)
        except BaseException:
            self._unreported = unreported | self._unreported
            raise
        for (shard, epoch), kept in list(self._rolled_back.items()):
            await close(pool, redis, shard, epoch, kept=kept)
            del self._rolled_back[shard, epoch]
        # Numbers from other receivers count only from the next report on: a reply to one of our own appends may still
        # be on its way with a smaller number, which would look like a rollback.
        for key, accepted in self._learned.items():
            self._floor[key] = max(accepted, self._floor.get(key, 0))
        rows = await pool.fetch(statement("open_watermarks"))
        self._learned = {(shard, epoch): accepted for shard, epoch, accepted in rows}


class Loss(NamedTuple):
    """Accepted deliveries that Redis lost: at most so many, from `since` to `until` (UTC, by the stores' clocks: the
    receiver's own may be wrong)."""

    id: int
    noticed_at: datetime
    shard: int
    since: datetime
    until: datetime
    deliveries: int
    repaired_at: datetime | None
    missing: int | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


async def report(pool: Pool, marks: dict[Key, int]) -> None:
    rows = [(shard, epoch, number) for (shard, epoch), number in sorted(marks.items())]
    if rows:
        await pool.execute(statement("report_accepted"), *columns(rows, 3))


async def settled(pool: Pool, shard: int, last: Numbered, at: datetime) -> None:
    """A drain has settled all up to that number; `at` is when Redis accepted it, by the clock of Redis."""
    await pool.execute(statement("report_settled"), shard, last.epoch, last.number, at)


async def close(pool: Pool, redis: Redis, shard: int, epoch: str, *, kept: int) -> None:
    """Redis has lost what was accepted in the epoch after `kept`. If it still uses the epoch, another one begins."""
    if (await pool.execute(statement("close_watermark"), shard, epoch, kept)) != "UPDATE 0":
        log.error("redis has lost accepted deliveries", shard=shard, epoch=epoch, kept=kept)
    begin_epoch = redis.register_script((SCRIPTS / "begin_epoch.lua").read_text())
    await begin_epoch(keys=[watermark_name(shard)], args=[epoch])


async def compare(pool: Pool, redis: Redis, *, shards: int = 1) -> None:
    """Close the epochs of which Redis shows less than was accepted; then judge what was lost in them.

    Entries that disappeared from a stream that is still there (deleted, trimmed, evicted) are a loss at once.
    """
    for shard in range(shards):
        await _missing(pool, redis, shard)
    for shard, epoch, accepted in await pool.fetch(statement("open_watermarks")):
        now: Any = await cast("Awaitable[Any]", redis.hgetall(watermark_name(shard)))
        if now.get(b"epoch", b"").decode() != epoch:
            await close(pool, redis, shard, epoch, kept=0)
        elif (appended := int(now.get(b"appended", 0))) < accepted:
            await close(pool, redis, shard, epoch, kept=appended)
    await pool.execute(statement("judge_watermarks"), JUDGED_AFTER_SECONDS)


async def _missing(pool: Pool, redis: Redis, shard: int) -> None:
    script = redis.register_script((SCRIPTS / "missing.lua").read_text())
    try:
        found = await script(keys=[stream_name(shard), watermark_name(shard)])
    except ResponseError:  # the key holds something else: the drain reports it
        return
    if found:
        epoch, count = found[0].decode(), int(found[1])
        log.error("entries disappeared from a stream", shard=shard, epoch=epoch, count=count)
        await pool.execute(statement("insert_loss"), shard, epoch, count)


async def losses(pool: Pool, *, only_open: bool = True) -> list[Loss]:
    """The newest first; those that nobody has acknowledged, or all."""
    return [Loss(*row) for row in await pool.fetch(statement("losses"), only_open)]


async def repaired(pool: Pool, loss: Loss, missing: int) -> None:
    """Its window was read again over REST, and so many rows were missing."""
    await pool.execute(statement("repair_loss"), loss.id, missing)


async def acknowledge(pool: Pool, *, by: str) -> int:
    """Returns how many losses were open."""
    return int((await pool.execute(statement("acknowledge_losses"), by)).split()[-1])


async def prune(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_watermarks"), before)
