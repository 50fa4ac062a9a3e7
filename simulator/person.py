"""Somebody in the town."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Person:
    name: str
    number: str | None
    phone: str | None
    bsuid: str | None
    parent: str | None
    username: str | None
    speaks: str
    conversation: dict[str, Any] | None = None
    received: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
