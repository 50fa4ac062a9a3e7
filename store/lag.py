"""How late each stage was, every ten seconds, for a day. The only writer of `lag_samples`."""

from datetime import timedelta

import asyncpg

from store.inbox import Waiting
from store.postgres import Pool, statement


async def sample(pool: Pool, stream: Waiting) -> None:
    """Of what was settled since the last sample, and of what waits now. By two at once it is taken once."""
    await pool.execute(statement("take_lag_sample"), stream.deliveries, stream.oldest_seconds)


async def samples(pool: Pool, last: timedelta) -> list[asyncpg.Record]:
    """Oldest first."""
    return list(await pool.fetch(statement("lag_samples"), last))
