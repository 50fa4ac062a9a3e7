"""The days of the deliveries table: made ahead, and dropped after the retention with their books kept."""

from datetime import date, timedelta

from store.postgres import Pool, statement

DAYS_AHEAD = 7


async def make_days(pool: Pool, today: date) -> None:
    """Partitions from yesterday to a week ahead; what falls outside lands in the DEFAULT partition."""
    for offset in range(-1, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        await pool.execute(
            statement("create_delivery_day").format(
                name=f"deliveries_{day:%Y%m%d}", day=day.isoformat(), next=(day + timedelta(days=1)).isoformat()
            )
        )


async def drop_days(pool: Pool, before: date) -> int:
    """Drop the days before that one; returns how many."""
    dropped = 0
    async with pool.acquire() as connection:
        for row in await connection.fetch(statement("delivery_days")):
            if row["day"] < before:
                async with connection.transaction():
                    await connection.execute(statement("close_delivery_day"), row["day"])
                    await connection.execute(statement("drop_delivery_day").format(name=row["name"]))
                dropped += 1
    return dropped
