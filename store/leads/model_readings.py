"""Chats that wait for a language model. The rules read first; what they queue here, the model reads afterwards."""

from collections.abc import Sequence
from uuid import UUID

from store.leads.reading import Due
from store.postgres import Connection, Pool, columns, statement


async def queue(connection: Connection, read: Sequence[Due]) -> None:
    """Queue chats that the rules have read, in the transaction that writes what they found."""
    known = [(one.lead_id, one.heard_at) for one in read if one.heard_at]
    if known:
        await connection.execute(statement("queue_for_model"), *columns(known, 2))


async def take(pool: Pool, count: int) -> list[Due]:
    """Take up to `count` chats for five minutes: those of the last hour first, the longest waiting first."""
    return [Due(*row.values()) for row in await pool.fetch(statement("take_for_model"), count)]


async def still_due(connection: Connection, taken: Sequence[Due]) -> set[UUID]:
    """Lock those that nothing was added to since they were taken. The caller holds their leads."""
    given = columns([(one.lead_id, one.heard_at) for one in taken], 2)
    return {row["lead_id"] for row in await connection.fetch(statement("still_due"), *given)}


async def has_read(connection: Connection, lead: UUID, lines: Sequence[str]) -> None:
    """`lines` are the marks of the messages that the model read."""
    await connection.execute(statement("model_has_read"), lead, list(lines))


async def put_back(pool: Pool, unread: Sequence[Due], *, failed: bool) -> None:
    """Release chats that were taken and not read. `failed`: the model was available and could not answer them.

    Failed chats can be taken again after five minutes, three times in all; the others can be taken at once.
    """
    if unread:
        await pool.execute(statement("put_back_for_model"), [one.lead_id for one in unread], failed)


async def seen_lines(connection: Connection, leads: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the marks (ChatWindow.marks) of the messages that the model has read, by lead."""
    rows = await connection.fetch(statement("lines_read_by_model"), list(leads))
    return {row["lead_id"]: frozenset(row["lines"]) for row in rows}
