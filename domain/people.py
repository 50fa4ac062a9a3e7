"""Who is who: from all that was seen of a set of names to the persons behind them. A function of the set, nothing else.

A business-scoped id is one person for good. A number belongs to the person last seen with it; two spellings of one
number (a wa_id and a phone given together) form one line and always have the same owner. Rows that name only a number
belong to the person who held it at that time. Until a person is known to have held it, they belong to a contact of
their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from domain.types import Join

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


class HeldName(NamedTuple):
    """From `since` on, what names only `handle` means `person` (an index into the persons)."""

    handle: str
    since: datetime
    person: int


@dataclass(slots=True)
class KnownPerson:
    pairs: list[Pair] = field(default_factory=list)
    not_held: set[Pair] = field(default_factory=set)
    """Pairs whose handle has passed to somebody else."""
    identities: set[tuple[str, str]] = field(default_factory=set)
    """(kind, value), as in contact_identities."""


class KnownPeople(NamedTuple):
    persons: list[KnownPerson]
    contested: set[str]
    """Handles that more than one person was seen with."""
    holders: list[HeldName]
    """For contested handles only."""
    replaced: set[str]
    """Business-scoped ids that another one has taken the place of."""


def people(seen: Iterable[Seen], joins: Iterable[Join]) -> KnownPeople:
    """Group a closed set of sightings (all that are linked with one another) into persons."""
    evidence = _Evidence(sorted(seen), sorted(joins))
    owners = {sighting.pair: evidence.owner(sighting) for sighting in evidence.sightings}
    index = {owner: place for place, owner in enumerate(dict.fromkeys(owners.values()))}
    persons = [KnownPerson() for _ in index]
    for sighting in evidence.sightings:
        person = persons[index[owners[sighting.pair]]]
        person.pairs.append(sighting.pair)
        if sighting.handle and evidence.holder(sighting.handle) not in (None, owners[sighting.pair]):
            person.not_held.add(sighting.pair)
        person.identities |= evidence.identities(sighting, held=sighting.pair not in person.not_held)
    for join in evidence.joins:
        if join.kind != "line" and (owner := evidence.person(join.a)) in index:
            persons[index[owner]].identities |= {evidence.id_identity(join.a), evidence.id_identity(join.b)}
    return KnownPeople(
        persons=persons,
        contested={sighting.handle for sighting in evidence.sightings if evidence.is_contested(sighting.handle)},
        holders=[HeldName(handle, since, index[owner]) for handle, since, owner in evidence.holders()],
        replaced={join.b for join in evidence.joins if join.kind == "previous"},
    )


class _Evidence:
    """The sightings and joins, asked who owns what. Owners are named by a root name of their group."""

    def __init__(self, sightings: list[Seen], joins: list[Join]) -> None:
        self.sightings = sightings
        self.joins = joins
        self._ids, self._lines = _Groups(), _Groups()
        for join in joins:
            (self._lines if join.kind == "line" else self._ids).join(join.a, join.b)
        self._parents = {join.b for join in joins if join.kind == "parent"} | {
            s.bsuid for s in sightings if s.as_parent
        }
        self._claims: dict[str, list[Seen]] = defaultdict(list)
        for sighting in sightings:
            if sighting.handle and sighting.bsuid:
                self._claims[self._lines.root(sighting.handle)].append(sighting)

    def person(self, bsuid: str) -> str:
        return "person " + self._ids.root(bsuid)

    def holder(self, handle: str) -> str | None:
        """The person last seen with the handle's line, if any person ever was."""
        claims = self._claims.get(self._lines.root(handle))
        return self.person(max(claims, key=lambda claim: (claim.last_at, claim.bsuid)).bsuid) if claims else None

    def owner(self, sighting: Seen) -> str:
        if sighting.bsuid:
            return self.person(sighting.bsuid)
        return self.holder(sighting.handle) or "line " + self._lines.root(sighting.handle)

    def is_contested(self, handle: str) -> bool:
        claims = self._claims.get(self._lines.root(handle), []) if handle else []
        return len({self.person(claim.bsuid) for claim in claims}) > 1

    def holders(self) -> list[tuple[str, datetime, str]]:
        """(handle, since, person) of contested handles, in the order of time; the first one holds it since ever."""
        found: list[tuple[str, datetime, str]] = []
        for handle in sorted({sighting.handle for sighting in self.sightings}):
            if self.is_contested(handle):
                claims = sorted(self._claims[self._lines.root(handle)], key=lambda claim: (claim.first_at, claim.bsuid))
                first = {self.person(claim.bsuid): claim.first_at for claim in reversed(claims)}
                order = list(dict.fromkeys(self.person(claim.bsuid) for claim in claims))
                found += [(handle, ALWAYS if place == 0 else first[one], one) for place, one in enumerate(order)]
        return found

    def identities(self, sighting: Seen, *, held: bool) -> set[tuple[str, str]]:
        """The names under which the person is found, as far as this sighting tells."""
        found = {self.id_identity(sighting.bsuid)} if sighting.bsuid else set()
        if held and sighting.handle.startswith("kapso:"):
            found.add(("kapso", sighting.handle.removeprefix("kapso:")))
        elif held and sighting.handle.startswith("email:"):
            found.add(("email", sighting.handle.removeprefix("email:")))
        elif held and sighting.handle:
            found.add(("phone", sighting.handle))
            if sighting.as_wa_id:
                found.add(("wa_id", sighting.handle.removeprefix("+")))
        return found

    def id_identity(self, bsuid: str) -> tuple[str, str]:
        return ("parent_bsuid" if bsuid in self._parents else "bsuid", bsuid)


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
