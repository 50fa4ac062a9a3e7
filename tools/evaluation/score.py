"""Precision, recall and F1 of each field, false values per hundred chats, and how often an absent field stays absent
(pure).

A text counts as right when it is the same but for case and spaces; a business also when one says all words of the other
("laundry" and "laundry kiloan"); pains are counted one by one. Where a label is a choice (`{"any_of": [...]}`), any of
its entries is right; with None among them, an absent value as well. A pain that fits no category is a choice of words,
of which one must stand in what was found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FIELDS: Final = (
    "name", "phone", "business_type", "domisili", "business_duration", "language", "pain_points",
    "interest_motivation", "priority", "urgency_level", "objection_raised", "closing_technique_used", "email", "budget",
)  # fmt: skip
"""What the gold chats label (GUIDELINE.md). A story has no one right wording; a field that no chat labels would always
count as right."""


@dataclass(slots=True)
class FieldTally:
    right: int = 0
    wrong: int = 0
    """False values: values that were read, but are not expected."""
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

    @property
    def false_per_hundred(self) -> float:
        """False values of all fields together, per 100 chats."""
        return 100 * sum(tally.wrong for tally in self.fields.values()) / self.chats if self.chats else 0.0


def report(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> ScoreReport:
    """Of (expected, found); a field that is absent or None is unknown."""
    result = ScoreReport()
    for expected, found in pairs:
        result.chats += 1
        for name, tally in result.fields.items():
            _count(tally, name, expected.get(name), found.get(name))
    return result


def choices(label: Any) -> list[Any]:
    """The values of which any is right."""
    return list(label["any_of"]) if isinstance(label, Mapping) else [label]


def _count(tally: FieldTally, name: str, expected: Any, found: Any) -> None:
    if not expected:
        tally.nulls += 1
        tally.null_kept += not found
    wanted, said = _values(expected), _values(found)
    right = [one for one in said if any(is_right(name, one, label) for label in wanted)]
    met = [label for label in wanted if any(is_right(name, one, label) for one in said)]
    tally.right += len(right)
    tally.wrong += len(said) - len(right)
    tally.missed += sum(1 for label in wanted if label not in met and None not in choices(label))


def is_right(name: str, one: Any, label: Any) -> bool:
    """Whether a value that was found is what its label says."""
    known = [choice for choice in choices(label) if choice is not None]
    if name == "pain_points" and isinstance(label, Mapping):
        return any(str(word).casefold() in str(one).casefold() for word in known)
    return any(same(name, one, choice) for choice in known)


def _values(value: Any) -> list[Any]:
    if not value:
        return []
    return list(value) if isinstance(value, list) else [value]


def same(name: str, one: Any, other: Any) -> bool:
    if isinstance(other, int | float):
        return isinstance(one, int | float) and float(one) == float(other)
    a, b = str(one).casefold().split(), str(other).casefold().split()
    if a == b:
        return True
    return name == "business_type" and bool(a and b) and (set(a) <= set(b) or set(b) <= set(a))
