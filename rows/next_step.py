"""Next steps that rules, a model or programs suggest for a lead: what each holds, what may become of one (pure).

Nothing is ever done by itself: a step that was approved is for people and programs to carry out.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rows.lead import EMAIL, MOST_VALUE, NotAllowed

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
Words = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class State(StrEnum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    MODIFIED = "MODIFIED"
    FAILED = "FAILED"


OPEN: Final = (State.DRAFT, State.PENDING)
# Approved as it was, or with other words: whoever carries steps out takes these.
TO_DO: Final = (State.APPROVED, State.MODIFIED)


def _written(value: object) -> object:
    """A time is text, never a number."""
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("must be written like 2026-11-23 or 2026-11-23T10:00:00+07:00")
    return value


def _whole(value: object) -> object:
    """JSON has one kind of number: 15.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[date, BeforeValidator(_written), Field(strict=False)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), Field(strict=False)]
Whole = BeforeValidator(_whole)


class Content(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Task(Content):
    """Something for a person to do."""

    title: Line
    due_on: Day | None = None


class PullRequest(Content):
    """A change to propose in a repository."""

    title: Line
    description: Words
    repository: Line | None = None


class Reply(Content):
    """An answer in the chat, while WhatsApp lets us answer freely."""

    text: Words


class FollowUp(Content):
    """A message to somebody who has gone quiet; by template where the reply window is over."""

    text: Words
    due_on: Day | None = None


class Email(Content):
    to: Annotated[str, Field(max_length=254, pattern=f"^{EMAIL}$")]
    subject: Line
    body: Words


class Call(Content):
    topic: Line
    at: Moment | None = None
    minutes: Annotated[int, Field(ge=5, le=480), Whole] = 15


class Proposal(Content):
    title: Line
    body: Words
    value: Annotated[int, Field(ge=0, lt=MOST_VALUE), Whole] | None = None


CONTENT: Final[Mapping[str, type[Content]]] = {
    "TASK": Task,
    "PR": PullRequest,
    "REPLY": Reply,
    "FOLLOW_UP": FollowUp,
    "SEND_EMAIL": Email,
    "SCHEDULE_CALL": Call,
    "SEND_PROPOSAL": Proposal,
}


def content(kind: str, given: object) -> dict[str, Any]:
    """As it is kept. Raises NotAllowed, naming what is wrong."""
    if kind not in CONTENT:
        raise NotAllowed(f"type must be one of: {', '.join(CONTENT)}")
    try:
        return CONTENT[kind].model_validate(given).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
        raise NotAllowed(f"{kind} needs {', '.join(CONTENT[kind].model_fields)}; {'; '.join(wrong[:3])}") from None


class Step(NamedTuple):
    """What is suggested. `occasion` is what called for it: the same one is not suggested twice for a lead."""

    type: str
    content: Mapping[str, Any]
    confidence: float | None = None
    reasoning: str | None = None
    occasion: str | None = None
    tokens: int = 0
    draft: bool = False


# -- by rule

RULES: Final = "rules"
NO_REPLY, CLOSING, HOT = "no reply", "window closes", "went hot"
# Kind of step, how sure, why, and the words in Indonesian and English.
BY_RULE: Final[Mapping[str, tuple[str, float, str, str, str]]] = {
    NO_REPLY: (
        "FOLLOW_UP", 0.6, "no reply for five days",
        "Halo{kak}, apakah masih ada yang ingin ditanyakan? Kami siap membantu.",
        "Hello{name}, is there anything else you would like to know? We are glad to help.",
    ),
    CLOSING: (
        "REPLY", 0.8, "they wait for an answer, and the reply window closes within two hours",
        "Halo{kak}, terima kasih sudah menunggu. Pesan Kakak sedang kami cek, sebentar lagi kami jawab ya.",
        "Hello{name}, thank you for waiting. We are looking at your message and will answer in a moment.",
    ),
    HOT: (
        "SCHEDULE_CALL", 0.7, "the lead went hot",
        "Bicarakan langkah berikutnya{kak}", "Talk about the next step{name}",
    ),
}  # fmt: skip


def by_rule(occasion: str, about: str, *, name: str | None, language: str | None) -> Step:
    """`about` is the message or change that called for it."""
    kind, confidence, why, indonesian, english = BY_RULE[occasion]
    called = (name or "").split(" ")[0][:40]
    text = (english if language == "en" else indonesian).format(
        kak=f" Kak {called}" if called else "", name=f" {called}" if called else ""
    )
    given = {"topic": text} if kind == "SCHEDULE_CALL" else {"text": text}
    return Step(kind, content(kind, given), confidence, why, f"{occasion} {about}")
