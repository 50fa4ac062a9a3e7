"""Who may set the fields of a lead over whom (pure); domain.lead_fields says what each may hold.

human > agent (on a human's behalf) > ai > bot > kapso (the profile). Score, temperature and phase are the bot's own:
what it states outranks what AI computes. What a person or an agent set is locked: whatever comes from below becomes a
suggestion beside it, until a person lets go.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from domain.field_kinds import Value
from domain.lead_fields import BY_NAME
from domain.score import temperature


class Source(StrEnum):
    HUMAN = "human"
    AGENT = "agent"
    AI = "ai"
    BOT = "bot"
    KAPSO = "kapso"


RANK: Final[Mapping[Source, float]] = {source: rank for rank, source in enumerate(reversed(Source))}
LOCKING: Final = frozenset({Source.HUMAN, Source.AGENT})

CONVERTED: Final = "converted"
STATUSES: Final = ("new", "qualified", "contacted", CONVERTED, "archived")
OPEN_STATUSES: Final = ("new", "qualified", "contacted")
"""Statuses of leads that are neither clients nor archived."""
MERGED: Final = "two contacts turned out to be one person"


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

    @property
    def rank(self) -> float:
        return rank(self.field, self.source)


class FieldChange(NamedTuple):
    claim: Claim
    old: Value


def rank(field: str, source: Source) -> float:
    """Who may set a field over whom: the higher one."""
    if source is Source.BOT and (known := BY_NAME.get(field)) and known.stated_by_bot:
        return RANK[Source.AI] + 0.5
    return RANK[source]


@dataclass(slots=True)
class Decision:
    """What claims come to: changes to write, and what may only be suggested."""

    changes: list[FieldChange] = field(default_factory=list)
    suggestions: list[Claim] = field(default_factory=list)


def decide(held: Mapping[str, Any], set_by: Mapping[str, str], claims: Iterable[Claim]) -> Decision:
    """`held` is what the fields hold now, `set_by` by whom.

    Of several claims to one field, the one with the highest rank counts; of equal ranks, the first. A claim ranked
    below the current holder's changes nothing; if a person or an agent holds the field, a different value becomes a
    suggestion. So does a claim to a people-only field by any other source. A claim with the current value and source
    changes nothing. A score without a temperature also sets the temperature that follows from it.
    """
    decision = Decision()
    for name, claim in _strongest(claims).items():
        old, holder = held.get(name), Source(set_by[name]) if name in set_by else None
        if not _may_set(claim, holder):
            if _is_worth_suggesting(claim, holder, old):
                decision.suggestions.append(claim)
        elif claim.value != old or claim.source is not holder:
            decision.changes.append(FieldChange(claim, old))
    return decision


def _strongest(claims: Iterable[Claim]) -> dict[str, Claim]:
    """One claim a field; a score brings the temperature that follows from it where none is claimed."""
    best: dict[str, Claim] = {}
    for claim in claims:
        rival = best.get(claim.field)
        if rival is None or claim.rank > rival.rank:
            best[claim.field] = claim
    if (points := best.get("lead_score")) and "lead_temperature" not in best:
        best["lead_temperature"] = _follows(points)
    return best


def _is_for_people(name: str) -> bool:
    return name in BY_NAME and BY_NAME[name].people_only


def _may_set(claim: Claim, holder: Source | None) -> bool:
    if _is_for_people(claim.field) and claim.source not in LOCKING:
        return False
    return holder is None or claim.rank >= rank(claim.field, holder)


def _is_worth_suggesting(claim: Claim, holder: Source | None, old: Value) -> bool:
    """Only to people and agents who hold the field, or of a field that is theirs alone."""
    return claim.value not in (None, old) and (holder in LOCKING or _is_for_people(claim.field))


def _follows(points: Claim) -> Claim:
    warmth = None if points.value is None else temperature(int(str(points.value)))
    return Claim("lead_temperature", warmth, points.source, points.actor, f"the score is {points.value}")


class HeldField(NamedTuple):
    """How one field of a lead is held: the claim that made it so, and when."""

    claim: Claim
    at: datetime


def merge_held_fields(kept: Mapping[str, HeldField], gone: Mapping[str, HeldField]) -> list[HeldField]:
    """Merge two leads of one person: return how each field that the `gone` lead held is held afterwards.

    The higher rank wins; of equal ranks, the later claim. If the kept lead's value wins, it is returned too, so that
    the last row of the merged history shows the current value.
    """
    folded = []
    for name, other in gone.items():
        own = kept.get(name)
        wins = own is None or (other.claim.rank, other.at) > (own.claim.rank, own.at)
        one = other if wins or own is None else own
        folded.append(one._replace(claim=one.claim._replace(reason=MERGED)))
    return folded
