"""What live pages ask again and again: may anything have changed?"""

from store.postgres import Pool, statement


async def newest(pool: Pool) -> str:
    """Return a token that changes when a transaction begins to write and when it ends, visible or not."""
    return str(await pool.fetchval(statement("newest_change")))
