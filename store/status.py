"""How the mirror is doing, from both stores."""

from datetime import datetime
from typing import NamedTuple

from redis.asyncio import Redis

from store import inbox
from store.postgres import Pool, statement


class Status(NamedTuple):
    """Counts since some moment; rate and freshness of the last minute. Times are UTC, freshness is in milliseconds."""

    received: int
    applied: int
    ignored: int
    dead: int
    waiting: int
    oldest_seconds: float
    per_second: float
    freshness_p50_ms: float | None
    freshness_p99_ms: float | None
    last_received_at: datetime | None
    last_settled_at: datetime | None
    dead_letters_open: int
    last_error: str | None


async def status(pool: Pool, redis: Redis, shards: int, since: datetime) -> Status:
    """Reads the deliveries since then, so the longer ago the slower."""
    waits = await inbox.waiting(redis, shards)
    row = await pool.fetchrow(statement("status"), since)
    error = await pool.fetchrow(statement("last_error"))
    p50, p99 = row["freshness_ms"] or (None, None)
    return Status(
        received=row["settled"] + waits.deliveries,
        applied=row["applied"],
        ignored=row["ignored"],
        dead=row["dead"],
        waiting=waits.deliveries,
        oldest_seconds=round(waits.oldest_seconds, 3),
        per_second=round(row["last_minute"] / 60, 1),
        freshness_p50_ms=None if p50 is None else round(p50, 1),
        freshness_p99_ms=None if p99 is None else round(p99, 1),
        last_received_at=row["last_received_at"],
        last_settled_at=row["last_settled_at"],
        dead_letters_open=error["open"] if error else 0,
        last_error=f"{error['error_kind']}: {error['error']}" if error else None,
    )
