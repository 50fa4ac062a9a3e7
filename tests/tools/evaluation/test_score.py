"""What counts as right."""

from typing import Any

import pytest

from tools.evaluation.score import report, same


def test_precision_recall_and_nulls() -> None:
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"name": "Budi", "pain_points": ["stock", "staff"]},
            {"name": "budi", "pain_points": ["staff", "competition"]},
        ),
        ({"name": "Rina"}, {}),
        ({}, {"name": "Kak"}),
        ({}, {}),
    ]
    result = report(pairs)
    name, pains = result.fields["name"], result.fields["pain_points"]
    assert (name.right, name.wrong, name.missed, name.correct_null) == (1, 1, 1, 0.5)
    assert (name.precision, name.recall, name.f1) == (0.5, 0.5, 0.5)
    assert (pains.right, pains.wrong, pains.missed) == (1, 1, 1)
    assert result.chats == 4


def test_a_choice_is_right_by_any_of_its_entries_and_with_none_when_it_is_left_out() -> None:
    either = {"any_of": ["toko roti", "bakery"]}
    optional = {"any_of": ["medium", None]}
    result = report([
        ({"business_type": either, "urgency_level": optional, "budget": {"any_of": [300000, 400000]}},
         {"business_type": "bakery", "budget": 400000.0}),
        ({"business_type": either, "urgency_level": optional, "budget": 300000},
         {"business_type": "laundry", "urgency_level": "high", "budget": 30000.0}),
    ])  # fmt: skip
    trade, urgency, budget = (result.fields[name] for name in ("business_type", "urgency_level", "budget"))
    assert (trade.right, trade.wrong, trade.missed) == (1, 1, 1)
    assert (urgency.right, urgency.wrong, urgency.missed) == (0, 1, 0)
    assert (budget.right, budget.wrong, budget.missed) == (1, 1, 1)
    assert result.false_per_hundred == 150


def test_a_pain_without_a_category_is_found_by_one_of_its_words() -> None:
    wanted = ["staff", {"any_of": ["no-show", "tidak datang"]}]
    pains = report([({"pain_points": wanted}, {"pain_points": ["orang tidak datang", "stock"]})]).fields["pain_points"]
    assert (pains.right, pains.wrong, pains.missed) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "one", "other", "equal"),
    [
        ("name", "Budi  Santoso", "budi santoso", True), ("name", "Budi", "Budi Santoso", False),
        ("business_type", "laundry", "laundry kiloan", True), ("business_type", "laundry", "toko kue", False),
        ("domisili", "Bandung", "Bandung Barat", False),
    ],
)  # fmt: skip
def test_texts_are_compared_as_people_would(name: str, one: str, other: str, equal: bool) -> None:
    assert same(name, one, other) == equal
