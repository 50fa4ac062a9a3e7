"""What each user has read. The only writer of `lead_reads`."""

from uuid import UUID

from store.postgres import Pool, statement


async def mark_read(pool: Pool, user: UUID, lead: UUID) -> None:
    """All that came in of the person so far. Ids of merged leads keep resolving."""
    await pool.execute(statement("mark_lead_read"), user, lead)


async def mark_unread(pool: Pool, user: UUID, lead: UUID) -> None:
    """The last thing that came in is to be looked at again."""
    await pool.execute(statement("mark_lead_unread"), user, lead)
