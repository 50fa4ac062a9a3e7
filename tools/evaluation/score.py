"""Precision, recall and F1 of each field, and how often an absent field stays absent (pure).

A text counts as right when it is the same but for case and spaces; a business also when one says all words of the other
("laundry" and "laundry kiloan"); pains are counted one by one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FIELDS: Final = (
    "name", "phone", "business_type", "domisili", "business_duration", "language", "pain_points",
    "interest_motivation", "priority", "urgency_level", "objection_raised", "closing_technique_used", "email",
)  # fmt: skip
"""What the gold chats label (GUIDELINE.md). A story has no one right wording; a field that no chat labels would always
count as right."""


@dataclass(slots=True)
class FieldTally:
    right: int = 0
    wrong: int = 0
    """False positives: values that were read, but are not expected."""
    missed: int = 0
    """False negatives: expected values that were not read."""
    null_kept: int = 0
    nulls: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def correct_null(self) -> float:
        return self.null_kept / self.nulls if self.nulls else 1.0


@dataclass(slots=True)
class ScoreReport:
    chats: int = 0
    fields: dict[str, FieldTally] = field(default_factory=lambda: {name: FieldTally() for name in FIELDS})

    @property
    def macro_f1(self) -> float:
        return sum(tally.f1 for tally in self.fields.values()) / len(self.fields)

    @property
    def correct_null(self) -> float:
        nulls = sum(tally.nulls for tally in self.fields.values())
        return sum(tally.null_kept for tally in self.fields.values()) / nulls if nulls else 1.0


def report(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> ScoreReport:
    """Of (expected, found); a field that is absent or None is unknown."""
    result = ScoreReport()
    for expected, found in pairs:
        result.chats += 1
        for name, tally in result.fields.items():
            _count(tally, name, expected.get(name), found.get(name))
    return result


def _count(tally: FieldTally, name: str, expected: Any, found: Any) -> None:
    if not expected:
        tally.nulls += 1
        tally.null_kept += not found
    wanted, said = _values(expected), _values(found)
    right = [one for one in said if any(same(name, one, other) for other in wanted)]
    tally.right += len(right)
    tally.wrong += len(said) - len(right)
    tally.missed += max(0, len(wanted) - len(right))


def _values(value: Any) -> list[str]:
    if not value:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def same(name: str, one: str, other: str) -> bool:
    a, b = one.casefold().split(), other.casefold().split()
    if a == b:
        return True
    return name == "business_type" and bool(a and b) and (set(a) <= set(b) or set(b) <= set(a))
