"""What each user has read. The only writer of `lead_reads`."""

from datetime import datetime
from uuid import UUID

from store.postgres import Pool, statement


async def mark_read(pool: Pool, user: UUID, lead: UUID, *, shown: datetime | None) -> datetime | None:
    """All that came in of the person so far; return when the last of it did (aware, None if nothing came in).

    `shown` is what this returned for the page that asks again, None for a page that opens the lead. A page that asks
    again does not take back that the lead was marked as unread since. Ids of merged leads keep resolving.
    """
    read_until: datetime | None = await pool.fetchval(statement("mark_lead_read"), user, lead, shown)
    return read_until


async def mark_unread(pool: Pool, user: UUID, lead: UUID) -> None:
    """The last thing that came in is to be looked at again."""
    await pool.execute(statement("mark_lead_unread"), user, lead)
