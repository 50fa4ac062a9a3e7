"""Which leads a list shows: values that every face gives, narrowed by what somebody typed into the search (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from domain import search

LONGEST_ORIGIN = 400
"""Characters of an origin, as `came_from` names it."""

NO_LEAD: Final = UUID(int=0)
NOBODYS: Final = "-"
NO_VALUE: Final = ""
"""Fits no lead: two filters contradict each other."""


class LeadReader(NamedTuple):
    """Who has read what: nothing that came in before `since` is new to them."""

    id: UUID
    since: datetime


NOBODY: Final = LeadReader(UUID(int=0), datetime.min.replace(tzinfo=UTC))
"""Who has read nothing: a program."""


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Leads that fit all that is given; of several values any. `city` and `trade` in any case; scores are inclusive."""

    status: Sequence[str] | None = None
    temperature: Sequence[str] | None = None
    phase: Sequence[str] | None = None
    city: str | None = None
    trade: str | None = None
    owner: Sequence[str] | None = None
    """Names of users; NOBODYS stands for leads without an owner."""
    tag: Sequence[str] | None = None
    also_tag: Sequence[str] | None = None
    """A lead with several tags may fit both lists."""
    snoozed: bool | None = None
    awaiting_reply: bool | None = None
    least_score: int | None = None
    most_score: int | None = None
    since: datetime | None = None
    """Last message not older than this."""
    created_since: datetime | None = None
    origin: str | None = None
    """The advertisement, post or product that they came from, as `came_from` names it."""
    parts: Sequence[str] = field(default=())
    """Pieces, in lower case, that all stand in a lead's names and numbers."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Name of a lead field to words, in lower case, that stand in it."""
    unread_by: LeadReader | None = None
    among: Sequence[UUID] | None = None


class ParsedSearch(NamedTuple):
    """`strange` are words of the search that nobody understands: with one, the filter fits no lead."""

    wanted: LeadFilter
    strange: list[str]


def narrowed_by_search(wanted: LeadFilter, text: str, reader: LeadReader = NOBODY) -> ParsedSearch:
    """The filter, narrowed by a search as it was typed. `reader` is who is meant by `is:unread`."""
    asked = search.parse(text)
    if asked.strange:
        return ParsedSearch(replace(wanted, among=[NO_LEAD]), asked.strange)

    def both(given: Sequence[str] | None, name: str) -> list[str] | None:
        return in_both(given, asked.chosen.get(name))

    narrowed = replace(
        wanted,
        status=both(wanted.status, "status"),
        temperature=both(wanted.temperature, "temperature"),
        phase=both(wanted.phase, "phase"),
        city=_same(wanted.city, asked.city),
        owner=both(wanted.owner, "owner"),
        also_tag=asked.chosen.get("tag") or wanted.also_tag,
        snoozed=True if asked.snoozed else wanted.snoozed,
        awaiting_reply=True if asked.waiting else wanted.awaiting_reply,
        least_score=max((one for one in (wanted.least_score, asked.least_score) if one is not None), default=None),
        most_score=min((one for one in (wanted.most_score, asked.most_score) if one is not None), default=None),
        parts=[*wanted.parts, *asked.parts],
        fields={**asked.fields, **wanted.fields},
        unread_by=reader if asked.unread else wanted.unread_by,
    )
    return ParsedSearch(narrowed, [])


def _same(one: str | None, other: str | None) -> str | None:
    """The value that both ask for, in any case; NO_VALUE if they differ."""
    if not one or not other:
        return one or other
    return one if one.lower() == other.lower() else NO_VALUE


def in_both(one: Sequence[str] | None, other: Sequence[str] | None) -> list[str] | None:
    """Values that both allow, where they say anything; None where neither does."""
    if not one or not other:
        return list(one or other or ()) or None
    return [value for value in one if value in other] or [NO_VALUE]
