"""Next steps: what each type takes, and what rules make of an occasion."""

import pytest

from domain.field_kinds import NotAllowed
from domain.next_step import BY_RULE, CLOSING, CONTENT, HOT, NO_REPLY, by_rule, content

GOOD: dict[str, dict[str, object]] = {
    "TASK": {"title": "Call back", "due_on": "2026-12-01"},
    "PR": {"title": "Mend it", "description": "As discussed"},
    "REPLY": {"text": "Halo"},
    "FOLLOW_UP": {"text": "Halo?", "due_on": "2026-12-01"},
    "SEND_EMAIL": {"to": "rina@example.com", "subject": "Offer", "body": "Dear Rina"},
    "SCHEDULE_CALL": {"topic": "Prices", "at": "2026-12-01T10:00:00+07:00", "minutes": 30},
    "SEND_PROPOSAL": {"title": "Offer", "body": "All of it", "value": 1_500_000},
}


def test_each_type_keeps_what_it_takes() -> None:
    assert set(GOOD) == set(CONTENT)
    for kind, given in GOOD.items():
        kept = content(kind, given)
        assert given.items() <= kept.items(), kind


# As programs that suggest write them.
DOCUMENTED: list[tuple[str, dict[str, object]]] = [
    ("SEND_EMAIL", {"subject": "Your quote", "body": "Hello", "templateId": None}),
    ("SEND_EMAIL", {"subject": "Your quote", "body": "Hello", "templateId": "8e0b8ad1-5a39-4f1e-9a4c-1d3a53a5a0f1"}),
    ("SCHEDULE_CALL", {"suggestedTimes": ["2026-12-01T10:00:00Z", "2026-12-02T10:00:00"], "duration": 30,
                       "meetingType": "video"}),
    ("FOLLOW_UP", {"reason": "went quiet", "suggestedAction": "SEND_EMAIL", "urgency": "medium"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given"), DOCUMENTED)
def test_the_documented_bodies_are_kept_as_they_stand(kind: str, given: dict[str, object]) -> None:
    said = {name: value for name, value in given.items() if value is not None}
    kept = content(kind, given)
    if "suggestedTimes" in said:
        assert kept.pop("suggestedTimes") == ["2026-12-01T10:00:00Z", "2026-12-02T10:00:00Z"]
        said.pop("suggestedTimes")
    assert kept == said


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("DANCE", {}),
        ("REPLY", {}),
        ("REPLY", {"text": " "}),
        ("REPLY", {"text": "a\0b"}),
        ("REPLY", {"text": "x" * 5000}),
        ("REPLY", {"text": "Halo", "to": "somebody else"}),
        ("REPLY", "Halo"),
        ("TASK", {"title": "x", "due_on": 20261201}),
        ("SEND_EMAIL", {"to": "nobody", "subject": "x", "body": "y"}),
        ("SCHEDULE_CALL", {"topic": "x", "at": "2026-12-01T10:00:00"}),
        ("SCHEDULE_CALL", {"duration": 30}),
        ("SCHEDULE_CALL", {"suggestedTimes": ["soon"]}),
        ("FOLLOW_UP", {"urgency": "low"}),
        ("FOLLOW_UP", {"reason": "x", "suggestedAction": "DANCE"}),
        ("FOLLOW_UP", {"reason": "x", "urgency": "now"}),
        ("SEND_PROPOSAL", {"title": "x", "body": "y", "value": -1}),
    ],
)
def test_what_a_type_does_not_take_is_refused_by_name(kind: str, given: object) -> None:
    with pytest.raises(NotAllowed) as refused:
        content(kind, given)
    assert kind in str(refused.value) or "must be one of" in str(refused.value)


def test_rules_speak_the_customers_language() -> None:
    assert by_rule(NO_REPLY, "m1", name="Rina Wati", language="id").content["text"].startswith("Halo Kak Rina,")
    assert by_rule(CLOSING, "m1", name=None, language="en").content["text"].startswith("Hello, thank you")
    step = by_rule(HOT, "7", name="{kak}", language=None)
    assert (step.type, step.content["topic"], step.occasion) == (
        "SCHEDULE_CALL",
        "Bicarakan langkah berikutnya dengan Kak {kak}",
        "went hot 7",
    )
    assert {by_rule(one, "x", name="A", language="id").type for one in BY_RULE} == {
        "FOLLOW_UP",
        "REPLY",
        "SCHEDULE_CALL",
    }
