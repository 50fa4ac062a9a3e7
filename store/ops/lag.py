"""How late each stage was, every ten seconds, for eight days. The only writer of `lag_samples`."""

from datetime import timedelta
from typing import Final

import asyncpg

from store.inbox.inbox import Waiting
from store.postgres import Pool, statement

SAMPLE: Final = timedelta(seconds=10)


async def sample(pool: Pool, stream: Waiting) -> None:
    """Store a sample of what was settled in the last ten seconds and what waits now; of two at once, one is stored."""
    await pool.execute(statement("take_lag_sample"), stream.deliveries, stream.oldest_seconds)


async def samples(pool: Pool, last: timedelta, step: timedelta = SAMPLE) -> list[asyncpg.Record]:
    """The worst of each `step` of the last time, oldest first."""
    return list(await pool.fetch(statement("lag_samples"), last, step))
