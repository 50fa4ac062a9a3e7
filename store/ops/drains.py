"""How far each drain has come. Writes `drains`."""

from datetime import datetime

from store.postgres import Pool, statement


async def report(pool: Pool, shard: int, complete_to: datetime, kapso_seconds: float | None) -> None:
    """All that was received up to `complete_to` is in the mirror, as far as this stream goes."""
    await pool.execute(statement("report_drain"), shard, complete_to, kapso_seconds)


async def forget(pool: Pool, shards: int) -> None:
    """Those of streams beyond that number, which are there no longer."""
    await pool.execute(statement("forget_drains"), shards)
