"""Small conversions that all mappings share, and the three ways in which an event is not applied."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain.letters import is_visible
from domain.naming import candidate_names
from domain.types import Join, Sighting
from kapso.base import AHEAD
from kapso.events import INBOUND

# What stands in place of an event's name where a poll read a message.
LISTED_INBOUND, LISTED_OUTBOUND = "poll.received", "poll.listed"

# Levels of lists and objects in what is stored. Libraries that write JSON end at about 250; pages and API add some.
DEEPEST = 100
LONGEST_NUMBER = 20
_BETWEEN_DIGITS = str.maketrans("", "", " +-().")


class Malformed(Exception):
    """The event lacks what it needs. The text names keys, never values."""


class Mismatch(Exception):
    """Header and body disagree about what the event is."""


class Ignored(Exception):
    """The event is of a kind that is not mirrored, on purpose."""


class Bounds(NamedTuple):
    """What a body may hold. Times are UTC."""

    latest: datetime
    """Later times make no sense: a day after now. Now is when the body is read, not when it was received."""
    most_events: int = 10_000
    """Kapso's own batches hold at most 100."""


def bounds_at(now: datetime, *, most_events: int = 10_000) -> Bounds:
    return Bounds(now + AHEAD, most_events)


def latest_of(received_at: datetime, bounds: Bounds) -> datetime:
    """The latest time that an event may have: by the clock of the receiver or of this process, whichever is ahead.

    A clock that is slow, on either machine, must not turn events into dead letters.
    """
    return max(bounds.latest, received_at + AHEAD)


@dataclass(frozen=True, slots=True)
class EventContext:
    """What is known of an event besides its body: its name, when its delivery was received, and its place in that.

    `dropped` gets the path of each optional value that makes no sense and is left out.
    """

    event: str
    received_at: datetime
    latest: datetime
    place: int = 0
    dropped: list[str] = field(default_factory=list)

    @property
    def heard_at(self) -> datetime:
        """When the event was received: those of one delivery a microsecond after each other."""
        return self.received_at + timedelta(microseconds=self.place)

    @property
    def verb(self) -> str:
        """The last word of the name: received, sent, ended …"""
        return self.event.rpartition(".")[2]

    @property
    def is_inbound(self) -> bool:
        """Of a message: whether the customer wrote it."""
        return self.event in INBOUND or self.event == LISTED_INBOUND

    @property
    def is_polled_outbound(self) -> bool:
        """Whether this is one of our messages as a poll read it from the API, not a webhook about it."""
        return self.event == LISTED_OUTBOUND


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
    called = filled(username.strip().lstrip("@")) if username else None
    seen = filled(name) if name and is_visible(name) else None
    return Names(_digits(wa_id), _digits(phone), filled(bsuid), filled(parent), called, seen)


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
    """Return the digits of a number in any spelling, or None if the text is no number."""
    if not value:
        return None
    bare = value.translate(_BETWEEN_DIGITS)
    if bare == value and bare.isascii() and bare.isdigit() and not bare.startswith("00"):
        return bare if len(bare) <= LONGEST_NUMBER else None
    return _spelled_digits(value, bare)


def _spelled_digits(value: str, bare: str) -> str | None:
    """Return the digits of +62 812-…, 0062…, (0)812, a JSON float, an address (628…@s.whatsapp.net), a link, or of
    other scripts. Every name that erasure recognises must be recognised here too.
    """
    if value.endswith(".0") and value[:-2].isdecimal():
        return _digits(value[:-2])
    if bare.isascii() and bare.isdigit():
        bare = bare if "(0)" not in value else value.replace("(0)", "").translate(_BETWEEN_DIGITS)
        bare = bare.removeprefix("00")
        return bare if len(bare) <= LONGEST_NUMBER else None
    found = candidate_names(unicodedata.normalize("NFKC", value))
    return next((one for one in found if one.isascii() and one.isdecimal()), None)


def uuid_of(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def json_text(value: Any, context: EventContext) -> str | None:
    """Canonical JSON: the same value is always the same text. None for None, and for what can't be written.

    A value of more than DEEPEST levels is left out, because its readers could not write it.
    """
    if value is None:
        return None
    text = _written(value)
    if text is None or (text.count("[") + text.count("{") > DEEPEST and _is_deeper(value, DEEPEST)):
        context.dropped.append("a part that is nested too deep")
        return None
    return text


def _written(value: Any) -> str | None:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        pass
    try:  # numbers beyond 64 bits
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError, TypeError):
        return None


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def tie(*values: str | None) -> int:
    """A number that breaks ties between different values of the same time; the same in Python and SQL."""
    digest = hashlib.blake2b("\0".join(value or "" for value in values).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
