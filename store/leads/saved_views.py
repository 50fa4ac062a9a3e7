"""Filters of the lead list that a user keeps under a name."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from domain.field_kinds import NotAllowed, text
from store.postgres import Pool, statement

NAME: Final = text(60)
LONGEST_QUERY: Final = 1800


async def of(pool: Pool, user: UUID) -> list[asyncpg.Record]:
    """Rows of id, name and query (a JSON object), by name."""
    return list(await pool.fetch(statement("saved_views"), user))


async def save(pool: Pool, user: UUID, name: str, query: Mapping[str, str]) -> None:
    """One of the same name is replaced. Raises NotAllowed."""
    called = NAME.parse("the name", name)
    kept = orjson.dumps(query).decode()
    if len(kept) > LONGEST_QUERY:
        raise NotAllowed("this filter is too long to be saved")
    if await pool.fetchval(statement("save_view"), user, called, kept) is None:
        raise NotAllowed("50 views are saved already: delete one first")


async def delete(pool: Pool, user: UUID, id: int) -> None:
    """One that is not there, or is somebody else's, is left alone."""
    await pool.execute(statement("delete_view"), user, id)
