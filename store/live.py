"""What live pages ask again and again: may anything have changed?"""

from store.postgres import Pool, statement


async def newest(pool: Pool) -> str:
    """Another text than before whenever something was committed since. Never misses; often rings for nothing."""
    return str(await pool.fetchval(statement("newest_change")))
