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
