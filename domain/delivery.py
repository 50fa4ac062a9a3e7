"""A delivery on its way through the inbox."""

from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias, get_args
from uuid import UUID

FailureKind: TypeAlias = Literal["malformed", "mismatch", "refused", "unexpected", "crash"]
"""Why an event became a dead letter."""
FAILURE_KINDS: Final = get_args(FailureKind)


class Delivery(NamedTuple):
    """One accepted POST, or one page that a poll read. Id and time are minted by whoever took it in and stay for good.

    `source` is push or poll. The event name cannot show which: it may come from an unsigned header, and that may hold
    the name of a poll.
    """

    id: UUID
    received_at: datetime
    event: str | None
    idempotency_key: str | None
    version: str | None
    body: bytes
    source: str = "push"
