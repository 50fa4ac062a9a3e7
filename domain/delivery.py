"""A delivery on its way through the inbox."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


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
