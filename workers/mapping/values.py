"""Small conversions that all mappings share, and the three ways in which an event is not applied."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from rows.types import Join, Sighting

_BETWEEN_DIGITS = str.maketrans("", "", " +-().")


class Malformed(Exception):
    """The event lacks what it needs. The text names keys, never values."""


class Mismatch(Exception):
    """Header and body disagree about what the event is."""


class Ignored(Exception):
    """The event is of a kind that is not mirrored, on purpose."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of an event besides its body: its name, and when the receiver took it in (UTC)."""

    event: str
    received_at: datetime

    @property
    def verb(self) -> str:
        """The last word of the name: received, sent, ended …"""
        return self.event.rpartition(".")[2]

    @property
    def is_listed(self) -> bool:
        """An outbound message that a poll found, and no event of it."""
        return self.event == "poll.listed"


class Names(NamedTuple):
    """The names that one event gives to one person, cleaned: bare digits, no empty texts."""

    wa_id: str | None = None
    phone: str | None = None
    bsuid: str | None = None
    parent: str | None = None
    username: str | None = None
    name: str | None = None

    @property
    def named_as(self) -> str | None:
        """The name by which the contact is found: a business-scoped id, else +number."""
        number = self.wa_id or self.phone
        return self.bsuid or self.parent or (f"+{number}" if number else None)


def names(
    *,
    wa_id: str | None = None,
    phone: str | None = None,
    bsuid: str | None = None,
    parent: str | None = None,
    username: str | None = None,
    name: str | None = None,
) -> Names:
    return Names(_digits(wa_id), _digits(phone), filled(bsuid), filled(parent), filled(username), filled(name))


def sightings(who: Names, at: datetime) -> tuple[list[Sighting], list[Join]]:
    """What one event at that time says about who is who."""
    said = (at if who.name else None, who.username, at if who.username else None)
    bsuid, as_parent = who.bsuid or who.parent or "", not who.bsuid and bool(who.parent)
    seen: list[Sighting] = []
    joins: list[Join] = []
    if who.wa_id:
        same = who.phone is None or who.phone == who.wa_id
        seen.append(Sighting(f"+{who.wa_id}", bsuid, at, at, True, same, as_parent, who.name, *said))
        if not same:
            joins.append(Join(f"+{who.wa_id}", f"+{who.phone}", "line"))
    if who.phone and who.phone != who.wa_id:
        seen.append(Sighting(f"+{who.phone}", bsuid, at, at, False, True, as_parent, who.name, *said))
    if not seen and bsuid:
        seen.append(Sighting("", bsuid, at, at, False, False, as_parent, who.name, *said))
    if who.bsuid and who.parent:
        joins.append(Join(who.bsuid, who.parent, "parent"))
    return seen, joins


def filled(value: str | None) -> str | None:
    """The text without surrounding space; None where it says nothing. An empty name or id was not carried."""
    return (value.strip() or None) if value else None


def _digits(value: str | None) -> str | None:
    bare = value.translate(_BETWEEN_DIGITS) if value else ""
    return bare if bare.isascii() and bare.isdigit() and len(bare) <= 20 else None


def json_text(value: Any) -> str:
    """Canonical JSON: the same value is always the same text. What can be read may be nested too deep to be written."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        raise Malformed("nested too deep, or a number that JSON can't hold") from None


def tie(*values: str | None) -> int:
    """A number that breaks ties between different values of the same time; the same in Python and SQL."""
    digest = hashlib.blake2b("\0".join(value or "" for value in values).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
