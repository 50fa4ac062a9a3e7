"""What a lead is made of: its fields, what each may hold, and who may set them over whom (pure).

human > agent (on a human's behalf) > ai > bot > kapso (the profile). What a person or an agent set is locked: whatever
comes from below becomes a suggestion beside it, until a person lets go.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from rows.score import temperature

Value: TypeAlias = str | int | float | list[str] | list[int] | date | None


class Source(StrEnum):
    HUMAN = "human"
    AGENT = "agent"
    AI = "ai"
    BOT = "bot"
    KAPSO = "kapso"


RANK: Final = {source: rank for rank, source in enumerate(reversed(Source))}
# WhatsApp knows the number; another one is for a person to say.
PEOPLE_ONLY: Final = frozenset({"phone"})
LOCKING: Final = frozenset({Source.HUMAN, Source.AGENT})

CONVERTED: Final = "converted"
STATUSES: Final = ("new", "qualified", "contacted", CONVERTED, "archived")
TEMPERATURES: Final = ("hot", "warm", "lukewarm", "cold")
PHASES: Final = ("A", "B", "C", "D")
URGENCIES: Final = ("high", "medium", "low")
MOST_VALUE: Final = 10**15
MERGED: Final = "two contacts turned out to be one person"


class NotAllowed(ValueError):
    """A value that its field can't hold; the text says what it can."""


def _one_of(*allowed: str) -> Callable[[str, object], Value]:
    def parse(name: str, value: object) -> Value:
        if value not in allowed:
            raise NotAllowed(f"{name} must be one of: {', '.join(allowed)}")
        return str(value)

    return parse


def _text(longest: int) -> Callable[[str, object], Value]:
    def parse(name: str, value: object) -> Value:
        if not isinstance(value, str):
            raise NotAllowed(f"{name} must be text")
        words = " ".join(value.replace("\0", "").split())
        if not 0 < len(words) <= longest:
            raise NotAllowed(f"{name} must have 1 to {longest} characters")
        return words

    return parse


def _texts(name: str, value: object) -> Value:
    if not isinstance(value, list) or not 0 < len(value) <= 20:
        raise NotAllowed(f"{name} must be a list of 1 to 20 texts")
    parse = _text(200)
    return list(dict.fromkeys(str(parse(f"each of {name}", one)) for one in value))


def _score(name: str, value: object) -> Value:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise NotAllowed(f"{name} must be a whole number from 0 to 100")
    return value


def _probability(name: str, value: object) -> Value:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise NotAllowed(f"{name} must be a number from 0 to 1")
    return float(value)


def _amount(name: str, value: object) -> Value:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_VALUE:
        raise NotAllowed(f"{name} must be a whole number that is not negative")
    return value


def _day(name: str, value: object) -> Value:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotAllowed(f"{name} must be a date like 2026-11-23") from None


def _phone(name: str, value: object) -> Value:
    bare = re.sub(r"[\s().-]", "", value) if isinstance(value, str) else ""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        raise NotAllowed(f"{name} must be a number with its country, like +6281234567890")
    return bare


def _language(name: str, value: object) -> Value:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,8}", value):
        raise NotAllowed(f"{name} must be a language code like id or en, or mixed")
    return value


PARSERS: Final[Mapping[str, Callable[[str, object], Value]]] = {
    "phone": _phone,
    "name": _text(200),
    "business_type": _text(200),
    "domisili": _text(200),
    "business_duration": _text(200),
    "story": _text(4000),
    "language": _language,
    "pain_points": _texts,
    "interest_motivation": _text(500),
    "priority": _text(200),
    "urgency_level": _one_of(*URGENCIES),
    "lead_score": _score,
    "lead_temperature": _one_of(*TEMPERATURES),
    "closing_technique_used": _text(200),
    "objection_raised": _text(500),
    "chat_phase": _one_of(*PHASES),
    "predicted_close_probability": _probability,
    "estimated_value": _amount,
    "expected_close_date": _day,
}
FIELDS: Final = tuple(PARSERS)


_PART: Final = r"[^\s@\x00-\x20\x7f-\xa0]+"
EMAIL: Final = rf"{_PART}@{_PART}\.{_PART}"
"""Says the same in Python's regular expressions and in those of JSON Schema."""


def _email(name: str, value: object) -> Value:
    bare = value.strip().lower() if isinstance(value, str) else ""
    if not re.fullmatch(EMAIL, bare) or len(bare) > 254:
        raise NotAllowed(f"{name} must be an address like jane@example.com")
    return bare


def _years(name: str, value: object) -> Value:
    whole = isinstance(value, list) and all(type(one) is int and 1900 <= one <= 2999 for one in value)
    if not isinstance(value, list) or not whole or not 0 < len(value) <= 100:
        raise NotAllowed(f"{name} must be a list of years")
    return sorted(set(value))


# What stands in the profile of a customer, beside the lead; ruled like its other fields.
PROFILE_PARSERS: Final[Mapping[str, Callable[[str, object], Value]]] = {
    "email": _email,
    "address": _text(500),
    "state": _text(100),
    "zip": _text(20),
    "services": _texts,
    "seasons": _years,
    "last_service_date": _day,
    "source": _text(100),
}
PROFILE_FIELDS: Final = tuple(PROFILE_PARSERS)
_ALL: Final = {**PARSERS, **PROFILE_PARSERS}


def parse(name: str, value: object) -> Value:
    """The value as it is kept; None empties the field. Raises NotAllowed."""
    if name not in _ALL:
        raise NotAllowed(f"there is no field {name}; there are {', '.join(_ALL)}, and status, which is set apart")
    return None if value is None else _ALL[name](name, value)


class Claim(NamedTuple):
    """Somebody says that a field is so. `quote` stands in the message `message_id`; `confidence` is 0 to 1."""

    field: str
    value: Value
    source: Source
    actor: str
    reason: str | None = None
    message_id: str | None = None
    quote: str | None = None
    confidence: float | None = None


class Change(NamedTuple):
    claim: Claim
    old: Value


@dataclass(slots=True)
class Decision:
    """What claims come to: changes to write, and what may only be suggested."""

    changes: list[Change] = field(default_factory=list)
    suggestions: list[Claim] = field(default_factory=list)


def decide(held: Mapping[str, Any], set_by: Mapping[str, str], claims: Iterable[Claim]) -> Decision:
    """`held` is what the fields hold now, `set_by` by whom.

    Of several claims to a field the highest counts, of equals the first. A claim that comes from below a person's
    value, or that would say the same again, changes nothing. Who says the score and no temperature says the temperature
    that follows from it.
    """
    decision = Decision()
    best: dict[str, Claim] = {}
    for claim in claims:
        rival = best.get(claim.field)
        if rival is None or RANK[claim.source] > RANK[rival.source]:
            best[claim.field] = claim
    if (points := best.get("lead_score")) and "lead_temperature" not in best:
        best["lead_temperature"] = _follows(points)
    for name, claim in best.items():
        old, holder = held.get(name), Source(set_by[name]) if name in set_by else None
        outranked = holder is not None and RANK[claim.source] < RANK[holder]
        if outranked or (name in PEOPLE_ONLY and claim.source not in LOCKING):
            if (holder in LOCKING or name in PEOPLE_ONLY) and claim.value is not None and claim.value != old:
                decision.suggestions.append(claim)
        elif claim.value != old or claim.source is not holder:
            decision.changes.append(Change(claim, old))
    return decision


def _follows(points: Claim) -> Claim:
    warmth = None if points.value is None else temperature(int(str(points.value)))
    return Claim("lead_temperature", warmth, points.source, points.actor, f"the score is {points.value}")


class Held(NamedTuple):
    """How one field of a lead is held: the claim that made it so, and when."""

    claim: Claim
    at: datetime


def fold(kept: Mapping[str, Held], gone: Mapping[str, Held]) -> list[Held]:
    """Two leads turn out to be one person: how each field that the gone one held is held from now on.

    The higher source wins, then the later one. Also where the kept one's own value stands it is said again, so that the
    last word of the joined history is the one that counts.
    """
    folded = []
    for name, other in gone.items():
        own = kept.get(name)
        wins = own is None or (RANK[other.claim.source], other.at) > (RANK[own.claim.source], own.at)
        one = other if wins or own is None else own
        folded.append(one._replace(claim=one.claim._replace(reason=MERGED)))
    return folded
