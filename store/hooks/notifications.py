"""Claim notifications and store what became of them. Triggers insert them in the transaction of each change."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from store.postgres import Pool, statement

# When a worker is killed, at most so many are sent twice.
AT_ONCE = 20
# After so long, another worker retries what a dead worker had claimed.
LEASE = timedelta(seconds=30)


class Notification(NamedTuple):
    """A claimed row with its hook. `data` is the payload; `attempts` includes the one that begins now."""

    id: int
    event: str
    data: dict[str, Any]
    occurred_at: datetime
    attempts: int
    hook_id: UUID
    hook: str
    kind: str
    target: str | None
    generation: int
    rotated_at: datetime | None

    @property
    def message_id(self) -> str:
        """The same at each attempt, so that receivers can drop repeats."""
        return f"msg_{self.id}"


async def claim(pool: Pool) -> list[Notification]:
    """Return due notifications that no other worker has, at most AT_ONCE; empty if none is due."""
    return [_notification(row) for row in await pool.fetch(statement("claim_notifications"), AT_ONCE, LEASE)]


async def sent(pool: Pool, id: int) -> None:
    await pool.execute(statement("notification_sent"), id)


async def failed(pool: Pool, id: int, error: str, again: float | None) -> None:
    """Store the error. Retry after `again` seconds; None marks the notification as dead."""
    await pool.execute(statement("notification_failed"), id, error, again)


async def prune(pool: Pool, sent_before: datetime, dead_before: datetime) -> None:
    await pool.execute(statement("prune_notifications"), sent_before, dead_before)


def _notification(row: Any) -> Notification:
    data = orjson.loads(row["data"])
    data.pop("handoff_id", None)
    for name in ("lead", "handoff"):
        if row[name] is not None:
            data[name] = orjson.loads(row[name])
    return Notification(
        row["id"], row["event"], data, row["occurred_at"], row["attempts"], row["hook_id"], row["hook"], row["kind"],
        row["target"], row["generation"], row["rotated_at"],
    )  # fmt: skip
