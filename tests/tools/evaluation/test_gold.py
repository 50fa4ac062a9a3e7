"""The gold chats are well-formed, and rules read them no worse than they did when `docs/extraction.md` was written."""

import json
from pathlib import Path

import pytest

from domain.field_kinds import NotAllowed
from domain.lead_fields import parse
from tools.evaluation.gold import HERE, chats, found_values
from tools.evaluation.score import FIELDS, ScoreReport, report
from workers.extraction.rules.reader import read
from workers.extraction.rules.vocabulary import all_phrases

CLOSED = (
    "pain_points",
    "interest_motivation",
    "priority",
    "urgency_level",
    "objection_raised",
    "closing_technique_used",
)
BASELINE = json.loads((HERE / "baseline.json").read_text())
MAY_DROP = 0.02


def scored(name: str) -> ScoreReport:
    return report((chat.expected, found_values(read(chat.window, "ID"))) for chat in chats(name))


def test_there_are_enough_of_them_and_a_third_is_only_reported() -> None:
    develop, reported = chats("develop"), chats("report")
    assert len(develop) + len(reported) >= 200
    assert len(reported) * 2 >= len(develop)
    assert len({chat.id for chat in develop + reported}) == len(develop) + len(reported)
    texts = [line.text for chat in reported for line in chat.window.lines if len(line.text) > 30]
    assert not set(texts) & {line.text for chat in develop for line in chat.window.lines}


@pytest.mark.parametrize("name", ["develop", "report"])
def test_labels_are_values_that_fields_can_hold(name: str) -> None:
    for chat in chats(name):
        for field, value in chat.expected.items():
            assert field in FIELDS, chat.id
            if field == "email":
                continue
            try:
                parse(field, value)
            except NotAllowed as error:
                raise AssertionError(f"{chat.id}: {error}") from None
            if field in CLOSED:
                known = {one for one, _ in all_phrases()[0][field].within(-1)}
                assert set(value if isinstance(value, list) else [value]) <= known, chat.id


def test_rules_read_unseen_chats_as_well_as_they_did() -> None:
    now = scored("report")
    assert now.macro_f1 >= max(0.80, BASELINE["macro_f1"] - MAY_DROP)
    assert now.correct_null >= max(0.95, BASELINE["correct_null"] - MAY_DROP)


def test_the_document_shows_the_figures_of_today() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "extraction.md").read_text()
    now = scored("report")
    assert f"| all (macro) | | | {now.macro_f1:.3f} | {now.correct_null:.3f} |" in text
    for field, tally in now.fields.items():
        row = f"| `{field}` | {tally.precision:.2f} | {tally.recall:.2f} | {tally.f1:.2f} | {tally.correct_null:.3f} |"
        assert row in text
