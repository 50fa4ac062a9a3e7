"""What hooks are to be told: claimed, sent, given up. Triggers add to `notifications` with each change."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from store.postgres import Pool, statement

# So many may be told twice when a worker is killed.
AT_ONCE = 20
# A worker that claims one and dies has it for so long.
LEASE = timedelta(seconds=30)


class Notification(NamedTuple):
    """`data` is what the receiver gets of it; `attempts` counts this one."""

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
        """The same at each attempt: receivers drop what they have seen."""
        return f"msg_{self.id}"


async def claim(pool: Pool) -> list[Notification]:
    """Those that are due, for this worker alone."""
    return [_notification(row) for row in await pool.fetch(statement("claim_notifications"), AT_ONCE, LEASE)]


async def sent(pool: Pool, id: int) -> None:
    await pool.execute(statement("notification_sent"), id)


async def failed(pool: Pool, id: int, error: str, again: float | None) -> None:
    """Try again in so many seconds; None gives it up."""
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
