"""Who is who: from all that was seen of a set of names to the persons behind them. A function of the set, nothing else.

A business-scoped id is one person for good. A number belongs to the person last seen with it; two spellings of one
number (a wa_id and a phone given together) are one line and move together. What was said of a number alone belongs to
whoever held it at that time, or to a contact of its own while nobody is known to have held it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from rows.types import Join

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
Pair = tuple[str, str]


class Seen(NamedTuple):
    """A stored sighting, as far as grouping needs it."""

    handle: str
    bsuid: str
    first_at: datetime
    last_at: datetime
    as_wa_id: bool
    as_phone: bool
    as_parent: bool

    @property
    def pair(self) -> Pair:
        return (self.handle, self.bsuid)


class Held(NamedTuple):
    """From `since` on, what names only `handle` means `person` (an index into the persons)."""

    handle: str
    since: datetime
    person: int


@dataclass(slots=True)
class Person:
    pairs: list[Pair] = field(default_factory=list)
    not_held: set[Pair] = field(default_factory=set)
    identities: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class People:
    persons: list[Person]
    contested: set[str]
    """Handles that more than one person was seen with."""
    holders: list[Held]
    """For contested handles only."""
    replaced: set[str]
    """Business-scoped ids that another one has taken the place of."""


def people(seen: Iterable[Seen], joins: Iterable[Join]) -> People:
    """Group a closed set of sightings (all that are linked with one another) into persons."""
    sightings = sorted(seen)
    joins = list(joins)
    same_person, same_line = _Groups(), _Groups()
    for join in joins:
        (same_line if join.kind == "line" else same_person).join(join.a, join.b)

    claims: dict[str, list[Seen]] = defaultdict(list)
    for sighting in sightings:
        if sighting.handle and sighting.bsuid:
            claims[same_line.root(sighting.handle)].append(sighting)

    replaced = {join.b for join in joins if join.kind == "previous"}
    result = People(persons=[], contested=set(), holders=[], replaced=replaced)
    index: dict[str, int] = {}

    def person_at(key: str) -> int:
        if key not in index:
            index[key] = len(result.persons)
            result.persons.append(Person())
        return index[key]

    def person_of(sighting: Seen) -> int:
        return person_at("person " + same_person.root(sighting.bsuid))

    parents = {join.b for join in joins if join.kind == "parent"} | {s.bsuid for s in sightings if s.as_parent}
    holder = {line: person_of(max(of, key=lambda s: (s.last_at, s.bsuid))) for line, of in claims.items()}
    rivals = {line for line, of in claims.items() if len({person_of(s) for s in of}) > 1}

    for sighting in sightings:
        line = same_line.root(sighting.handle)
        if sighting.bsuid:
            owner = person_of(sighting)
        else:
            owner = holder[line] if line in holder else person_at("line " + line)
        person = result.persons[owner]
        person.pairs.append(sighting.pair)
        if sighting.bsuid:
            person.identities.add(("parent_bsuid" if sighting.bsuid in parents else "bsuid", sighting.bsuid))
        if sighting.handle and line in rivals:
            result.contested.add(sighting.handle)
        if sighting.handle and holder.get(line, owner) != owner:
            person.not_held.add(sighting.pair)
        elif sighting.handle:
            person.identities |= _handle_identities(sighting)

    for join in joins:
        if join.kind != "line":
            owner = person_at("person " + same_person.root(join.a))
            for name in (join.a, join.b):
                kind = "parent_bsuid" if name in parents else "bsuid"
                result.persons[owner].identities.add((kind, name))

    for line in sorted(rivals):
        result.holders += _holders(line, claims[line], person_of, same_line, sightings)
    return result


def _handle_identities(sighting: Seen) -> set[tuple[str, str]]:
    if sighting.handle.startswith("kapso:"):
        return {("kapso", sighting.handle.removeprefix("kapso:"))}
    identities = {("phone", sighting.handle)}
    if sighting.as_wa_id:
        identities.add(("wa_id", sighting.handle.removeprefix("+")))
    return identities


def _holders(line: str, claims: list[Seen], person_of, same_line: "_Groups", sightings: list[Seen]) -> list[Held]:  # type: ignore[no-untyped-def]
    since: dict[int, tuple[datetime, str]] = {}
    for claim in claims:
        person = person_of(claim)
        since[person] = min(since.get(person, (claim.first_at, claim.bsuid)), (claim.first_at, claim.bsuid))
    order = sorted(since, key=lambda person: since[person])
    starts = [ALWAYS, *(since[person][0] for person in order[1:])]
    handles = sorted({s.handle for s in sightings if s.handle and same_line.root(s.handle) == line})
    return [Held(handle, at, person) for handle in handles for at, person in zip(starts, order, strict=True)]


class _Groups:
    """Union-find; the root of a group is its least name, so that it does not depend on the order of joins."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}

    def root(self, name: str) -> str:
        while name in self._up:
            name = self._up[name]
        return name

    def join(self, a: str, b: str) -> None:
        low, high = sorted((self.root(a), self.root(b)))
        if low != high:
            self._up[high] = low
