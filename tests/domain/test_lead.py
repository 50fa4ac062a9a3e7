"""Who may set a field over whom: a table of cases; and what each field may hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.field_kinds import NotAllowed
from domain.lead import MERGED, Claim, HeldField, Source, decide, merge_held_fields
from domain.lead_fields import FIELDS, parse

HUMAN, AGENT, AI, BOT = Source.HUMAN, Source.AGENT, Source.AI, Source.BOT


SCORES = [
    # the score and temperature said, the temperature that it comes to
    (80, None, "hot"),
    (50, None, "warm"),
    (3, None, "cold"),
    (80, "cold", "cold"),
]


@pytest.mark.parametrize(("points", "said", "kept"), SCORES)
def test_who_says_the_score_says_the_temperature_that_follows(points: int, said: str | None, kept: str) -> None:
    claims = [claim(HUMAN, points, "lead_score"), *([claim(HUMAN, said, "lead_temperature")] if said else [])]
    changes = {one.claim.field: one.claim for one in decide({}, {}, claims).changes}
    assert (changes["lead_temperature"].value, changes["lead_temperature"].source) == (kept, HUMAN)
    held = decide({"lead_temperature": "hot"}, {"lead_temperature": "human"}, [claim(AI, 3, "lead_score")])
    assert [one.claim.field for one in held.changes] == ["lead_score"]


def claim(source: Source, value: Any = "Solo", field: str = "domisili") -> Claim:
    return Claim(field, value, source, "somebody")


CASES = [
    # held by, its value, claimed by, its value: what becomes of it
    (None, None, BOT, "Solo", "changes"),
    (None, None, AI, "Solo", "changes"),
    (BOT, "Bogor", AI, "Solo", "changes"),
    (BOT, "Bogor", BOT, "Solo", "changes"),
    (AI, "Bogor", AI, "Solo", "changes"),
    (AI, "Bogor", BOT, "Solo", "nothing"),
    (AI, "Bogor", AGENT, "Solo", "changes"),
    (AI, "Bogor", HUMAN, "Solo", "changes"),
    (AI, "Solo", AI, "Solo", "nothing"),
    (AGENT, "Bogor", AI, "Solo", "suggests"),
    (AGENT, "Bogor", AGENT, "Solo", "changes"),
    (AGENT, "Bogor", HUMAN, "Solo", "changes"),
    (HUMAN, "Bogor", BOT, "Solo", "suggests"),
    (HUMAN, "Bogor", AI, "Solo", "suggests"),
    (HUMAN, "Bogor", AGENT, "Solo", "suggests"),
    (HUMAN, "Bogor", HUMAN, "Solo", "changes"),
    (HUMAN, "Solo", AI, "Solo", "nothing"),
    # a person says the same as AI: now it is theirs
    (AI, "Solo", HUMAN, "Solo", "changes"),
    # a person emptied it: that is a value too
    (HUMAN, None, AI, "Solo", "suggests"),
    (HUMAN, "Solo", HUMAN, None, "changes"),
    (HUMAN, "Solo", AI, None, "nothing"),
]


@pytest.mark.parametrize(("holder", "old", "source", "new", "outcome"), CASES)
def test_precedence(holder: Source | None, old: Any, source: Source, new: Any, outcome: str) -> None:
    decision = decide({"domisili": old}, {"domisili": holder.value} if holder else {}, [claim(source, new)])
    assert (len(decision.changes), len(decision.suggestions)) == {
        "changes": (1, 0), "suggests": (0, 1), "nothing": (0, 0),
    }[outcome]  # fmt: skip


def test_of_several_claims_the_highest_counts_then_the_first() -> None:
    decision = decide({}, {}, [claim(BOT, "Bogor"), claim(AI, "Solo"), claim(AI, "Medan")])
    assert [change.claim.value for change in decision.changes] == ["Solo"]


def test_another_number_is_for_people_to_say() -> None:
    found = [claim(AI, "+628111", "phone")]
    assert not decide({}, {}, found).changes
    assert len(decide({}, {}, found).suggestions) == 1
    assert decide({}, {}, [claim(HUMAN, "+628111", "phone")]).changes


def held(source: Source, value: str, second: int) -> HeldField:
    return HeldField(claim(source, value), datetime(2026, 11, 1, 0, 0, second, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kept", "gone", "taken"),
    [
        (None, held(BOT, "Solo", 1), True),
        (held(AI, "Bogor", 9), held(HUMAN, "Solo", 1), True),
        (held(HUMAN, "Bogor", 1), held(AI, "Solo", 9), False),
        (held(AI, "Bogor", 1), held(AI, "Solo", 9), True),
        (held(AI, "Bogor", 9), held(AI, "Solo", 1), False),
    ],
)
def test_two_leads_fold_by_precedence_then_by_time(kept: HeldField | None, gone: HeldField, taken: bool) -> None:
    (one,) = merge_held_fields({"domisili": kept} if kept else {}, {"domisili": gone})
    assert (one.claim.value, one.claim.reason) == ("Solo" if taken else "Bogor", MERGED)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("name", "  Budi \n Santoso ", "Budi Santoso"),
        ("phone", "+62 812-3456 7890", "+6281234567890"),
        ("pain_points", ["a", "b", "a"], ["a", "b"]),
        ("lead_score", 0, 0),
        ("lead_temperature", "lukewarm", "lukewarm"),
        ("name", None, None),
    ],
)
def test_values_are_kept_tidy(name: str, value: object, kept: object) -> None:
    assert parse(name, value) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""), ("name", "x" * 201), ("name", 7), ("phone", "0812"), ("phone", "+0123456789"), ("lead_score", 101),
        ("lead_score", True), ("lead_score", "72"), ("lead_temperature", "boiling"), ("chat_phase", "E"), ("language", "Indonesian"),
        ("pain_points", []), ("pain_points", "slow"), ("pain_points", [""]), ("urgency_level", "HIGH"), ("status", "new"), ("id", "x"),
    ],
)  # fmt: skip
def test_what_a_field_cannot_hold_is_refused_with_what_it_can(name: str, value: object) -> None:
    with pytest.raises(NotAllowed, match=name):
        parse(name, value)


def test_every_field_can_be_emptied() -> None:
    assert all(parse(name, None) is None for name in FIELDS)
