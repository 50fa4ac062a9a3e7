"""A delivery on its way through the inbox."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Delivery(NamedTuple):
    """One accepted POST. Id and time are minted by the receiver and stay with it for good."""

    id: UUID
    received_at: datetime
    event: str | None
    idempotency_key: str | None
    version: str | None
    body: bytes
