"""What live pages ask again and again: has anything changed?"""

from datetime import datetime

from store.postgres import Pool, statement


async def newest(pool: Pool) -> tuple[datetime | None, int | None, int | None]:
    """Changes whenever a message, a lead or a note does."""
    row = await pool.fetchrow(statement("newest_change"))
    return row["heard_at"], row["change"], row["note"]
