"""What was found out about conversations: rows of the view conversation_insights."""

from uuid import UUID

import asyncpg

from store.postgres import Pool, statement

MOST = 20


async def of(pool: Pool, lead: UUID) -> list[asyncpg.Record]:
    """Of a lead's newest conversations, the newest first; `sentiment_history` is jsonb."""
    return list(await pool.fetch(statement("insights_of_lead"), lead, MOST))
