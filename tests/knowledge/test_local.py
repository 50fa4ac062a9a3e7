"""The local model answers as it did when its figures were taken, and puts the same meaning of two languages together."""

import math

import pytest

from knowledge.embedder import LOCAL_DIMENSION
from knowledge.local import LocalModel

# The first numbers of the vectors of version 0.2.1: another version has other vectors and needs another name.
REFERENCE = {
    "Berapa biaya langganan per bulan?": [-0.0150, -0.0302, 0.0823, 0.0279, -0.0516, -0.0302],
    "How much is the subscription per month?": [-0.0101, -0.0030, -0.0044, 0.0664, -0.0145, -0.0177],
    "The printer prints blank receipts": [0.0736, 0.0286, -0.0576, 0.0179, -0.0743, -0.0050],
}


def test_vectors_are_those_that_the_name_stands_for() -> None:
    for vector, first in zip(LocalModel().embed(list(REFERENCE)), REFERENCE.values(), strict=True):
        assert len(vector) == LOCAL_DIMENSION
        assert math.isclose(math.sqrt(sum(one * one for one in vector)), 1, abs_tol=1e-3)
        assert vector[:6] == pytest.approx(first, abs=2e-3)


def test_the_same_question_in_two_languages_is_nearer_than_another_one() -> None:
    indonesian, english, other = LocalModel().embed(list(REFERENCE))
    assert _likeness(indonesian, english) > 0.6 > _likeness(indonesian, other) + 0.3


def test_odd_texts_have_vectors_too() -> None:
    vectors = LocalModel().embed(["", "\0", "🙏🙏", "x" * 100_000])
    assert all(math.isfinite(one) for vector in vectors for one in vector)


def _likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
