"""Who is who, as a table of small stories; and that the order of evidence never matters."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from domain.people import KnownPeople, Seen, people
from domain.types import Join

START = datetime(2026, 1, 1, tzinfo=UTC)


def seen(handle: str, bsuid: str, first: int, last: int | None = None, *, wa_id: bool = True) -> Seen:
    at = START + timedelta(hours=first)
    return Seen(handle, bsuid, at, START + timedelta(hours=first if last is None else last), wa_id, True, False)


def persons(found: KnownPeople) -> list[set[tuple[str, str]]]:
    return [set(person.pairs) for person in found.persons]


@pytest.mark.parametrize(
    ("sightings", "joins", "wanted"),
    [
        ([seen("+1", "", 0)], [], [{("+1", "")}]),
        ([seen("", "A", 0)], [], [{("", "A")}]),
        ([seen("+1", "", 0), seen("+1", "A", 1)], [], [{("+1", ""), ("+1", "A")}]),
        ([seen("+1", "A", 0), seen("+1", "B", 1)], [], [{("+1", "A")}, {("+1", "B")}]),
        ([seen("+1", "A", 0), seen("+1", "B", 1)], [Join("B", "A", "previous")], [{("+1", "A"), ("+1", "B")}]),
        ([seen("", "A", 0), seen("", "B", 1)], [Join("A", "P", "parent"), Join("B", "P", "parent")],
         [{("", "A"), ("", "B")}]),
        ([seen("+1", "", 0), seen("+2", "", 0)], [Join("+1", "+2", "line")], [{("+1", ""), ("+2", "")}]),
        ([seen("+1", "", 0), seen("+2", "A", 0)], [Join("+1", "+2", "line")], [{("+1", ""), ("+2", "A")}]),
    ],
)  # fmt: skip
def test_sightings_are_grouped_into_persons(
    sightings: list[Seen], joins: list[Join], wanted: list[set[tuple[str, str]]]
) -> None:
    for order in itertools.permutations(sightings):
        found = persons(people(order, joins))
        assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))


def test_a_number_belongs_to_the_person_last_seen_with_it() -> None:
    found = people([seen("+1", "A", 0, 9), seen("+1", "B", 5, 6), seen("+1", "", 7)], [])
    holder = next(person for person in found.persons if ("+1", "A") in person.pairs)
    other = next(person for person in found.persons if ("+1", "B") in person.pairs)
    assert ("+1", "") in holder.pairs
    assert ("phone", "+1") in holder.identities
    assert ("phone", "+1") not in other.identities
    assert other.not_held == {("+1", "B")}
    assert found.contested == {"+1"}


def test_a_contested_number_alone_means_whoever_held_it_then() -> None:
    found = people([seen("+1", "A", 0), seen("+1", "B", 5)], [])
    first, second = found.holders
    assert ("+1", "A") in found.persons[first.person].pairs
    assert first.since < START
    assert second.since == START + timedelta(hours=5)


def test_two_spellings_of_a_contested_number_move_together() -> None:
    joins = [Join("+1", "+11", "line")]
    found = people([seen("+1", "A", 0), seen("+11", "A", 0), seen("+1", "B", 5)], joins)
    loser = next(person for person in found.persons if ("+1", "A") in person.pairs)
    assert loser.not_held == {("+1", "A"), ("+11", "A")}


def test_a_replaced_id_is_known_as_such() -> None:
    assert people([seen("", "B", 1)], [Join("B", "A", "previous")]).replaced == {"A"}
