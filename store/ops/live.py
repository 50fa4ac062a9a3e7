"""What live pages ask again and again: may anything have changed?"""

from store.postgres import Pool, statement


async def newest(pool: Pool) -> str:
    """Return a token that changes after every commit of a write; it may also change without a visible update."""
    return str(await pool.fetchval(statement("newest_change")))
