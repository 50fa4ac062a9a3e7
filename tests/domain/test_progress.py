"""The status follows the chat: forward only, never over a person, and never out of the pipeline by itself."""

import pytest

from domain.lead import Claim, Source
from domain.progress import StatusStep, status_claims, step

APPLIES, SUGGESTED, NOTHING = StatusStep(applies=True), StatusStep(is_suggested=True), StatusStep()


def claim(status: str, source: Source = Source.AI) -> Claim:
    return Claim("status", status, source, "somebody")


@pytest.mark.parametrize(
    ("before", "set_by", "wanted", "expected"),
    [
        ("new", None, "qualified", APPLIES),
        ("new", "ai", "contacted", APPLIES),
        ("qualified", "bot", "contacted", APPLIES),
        ("qualified", "human", "contacted", SUGGESTED),
        ("new", "agent", "qualified", SUGGESTED),
        ("contacted", "ai", "qualified", NOTHING),
        ("contacted", "human", "qualified", NOTHING),
        ("contacted", "ai", "converted", SUGGESTED),
        ("new", None, "archived", SUGGESTED),
        ("converted", "ai", "archived", NOTHING),
        ("archived", "human", "qualified", NOTHING),
        ("qualified", "ai", "qualified", NOTHING),
    ],
)
def test_ai_moves_forward_and_proposes_the_rest(
    before: str, set_by: str | None, wanted: str, expected: StatusStep
) -> None:
    assert step(before, set_by, claim(wanted), ai_applies=True) == expected


def test_ai_only_proposes_when_it_may_not_apply() -> None:
    assert step("new", None, claim("qualified"), ai_applies=False) == SUGGESTED


def test_the_bot_moves_in_any_direction_but_not_over_a_person() -> None:
    assert step("contacted", "ai", claim("new", Source.BOT), ai_applies=False) == APPLIES
    assert step("contacted", "human", claim("new", Source.BOT), ai_applies=True) == SUGGESTED
    assert step("archived", "human", claim("new", Source.HUMAN), ai_applies=True) == APPLIES


def test_a_refusal_outweighs_the_score() -> None:
    assert [one.value for one in status_claims({"lead_score": 90}, {"not interested": {}}, actor="x")] == ["archived"]
    assert status_claims({"lead_score": 44}, {}, actor="x") == []
