"""Somebody in the town."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class SimulatedPerson:
    name: str
    number: str | None
    phone: str | None
    bsuid: str | None
    parent: str | None
    username: str | None
    facts: dict[str, str]
    """Of their business: business, city, span, pain."""
    step: int = 0
    """How far their talk with Sarah has come."""
    conversation: dict[str, Any] | None = None
    received: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
