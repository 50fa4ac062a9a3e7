"""The state of each file of a message. Triggers queue a file in the transaction of its message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from store.postgres import Pool, statement

LEASE = timedelta(minutes=15)
"""A claim ends after this time; then another worker may retry. The second removal comes later (20 minutes)."""
CHUNK = 1000
BACKLOG = timedelta(days=7)
"""Files of messages of so many days are queued when the archive is switched on: WhatsApp keeps no older ones."""


class WaitingFile(NamedTuple):
    """A claimed file. `sha256` is what its message declares; `attempts` includes the one that begins now."""

    message_id: str
    key: UUID
    attempts: int
    url: str
    sha256: str | None


class KeptFile(NamedTuple):
    message_id: str
    key: UUID
    bytes: int
    content_type: str
    filename: str | None


class Removal(NamedTuple):
    id: int
    key: UUID


async def enable(pool: Pool, *, on: bool) -> None:
    """Let the triggers queue files, or stop them. When this starts them, also queue the files of the last days.

    Messages of transactions that are open at that moment are missed.
    """
    await pool.execute(statement("enable_media"), on, BACKLOG)


async def claim(pool: Pool, count: int) -> list[WaitingFile]:
    """Return due files that no other worker has, at most `count`."""
    return [WaitingFile(*row) for row in await pool.fetch(statement("claim_media"), count, LEASE)]


async def kept(pool: Pool, file: WaitingFile, sha256: bytes, size: int, content_type: str) -> bool:
    """Mark the file as kept. False if its row is gone meanwhile: then the file must be removed."""
    return bool(await pool.fetchval(statement("media_kept"), file.key, sha256, size, content_type))


async def failed(pool: Pool, file: WaitingFile, error: str, again: float | None) -> None:
    """Store the error. Retry after `again` seconds; None marks the file as refused."""
    await pool.execute(statement("media_failed"), file.key, file.url, error, again)


async def postpone(pool: Pool, file: WaitingFile, seconds: float) -> None:
    """Retry after so many seconds; this attempt does not count."""
    await pool.execute(statement("postpone_media"), file.key, seconds)


async def bytes_today(pool: Pool) -> int:
    """Return how many bytes were kept since midnight UTC."""
    return int(await pool.fetchval(statement("media_bytes_today")))


async def due(pool: Pool) -> int:
    """Return how many files could be downloaded now."""
    return int(await pool.fetchval(statement("count_due_media")))


async def of_message(pool: Pool, message_id: str) -> KeptFile | None:
    row = await pool.fetchrow(statement("kept_media"), message_id)
    return KeptFile(*row) if row else None


async def of_person(pool: Pool, contact_id: UUID, names: Sequence[str]) -> list[KeptFile]:
    return [KeptFile(*row) for row in await pool.fetch(statement("kept_media_of_person"), contact_id, list(names))]


async def expire(pool: Pool, before: datetime) -> None:
    """Queue the removal of files that were kept before then, in small transactions."""
    while await pool.fetchval(statement("expire_media"), before, CHUNK):
        pass


async def claim_removals(pool: Pool, count: int) -> list[Removal]:
    """Return due removals that no other worker has."""
    return [Removal(*row) for row in await pool.fetch(statement("claim_media_removals"), count, LEASE)]


async def overdue(pool: Pool) -> int:
    """Return how many removals nobody has carried out for an hour."""
    return int(await pool.fetchval(statement("overdue_removals")))


async def removed(pool: Pool, removal: Removal) -> None:
    await pool.execute(statement("media_removed"), removal.id)
