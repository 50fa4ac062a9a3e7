"""Next steps that rules, a model or programs suggest for a lead: what each holds, what may become of one (pure).

Nothing is ever done by itself: a step that was approved is for people and programs to carry out.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from domain.field_kinds import EMAIL, MOST_VALUE, NotAllowed

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


def _utc(value: object) -> object:
    """A time that says no zone is taken as UTC."""
    return f"{value}Z" if isinstance(value, str) and re.fullmatch(r"[0-9-]{10}T[0-9:.]{5,15}", value) else value


def _whole(value: object) -> object:
    """JSON has one kind of number: 15.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[date, BeforeValidator(_written), Field(strict=False)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), Field(strict=False)]
Time = Annotated[Moment, BeforeValidator(_utc)]
Whole = BeforeValidator(_whole)
Minutes = Annotated[int, Field(ge=5, le=480), Whole]
TYPES: Final = ("TASK", "PR", "REPLY", "FOLLOW_UP", "SEND_EMAIL", "SCHEDULE_CALL", "SEND_PROPOSAL")


class Content(BaseModel):
    """Names with capitals inside are those of the programs that suggest."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _has_one(content: Content, *names: str) -> None:
    if all(getattr(content, name) is None for name in names):
        raise ValueError(f"give {' or '.join(names)}")


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
    """A message to somebody who has gone quiet (by template where the reply window is over), or why there should be
    one, and which step it should be. Give `text` or `reason`."""

    text: Words | None = None
    due_on: Day | None = None
    reason: Words | None = None
    suggestedAction: Literal[TYPES] | None = None  # type: ignore[valid-type]  # noqa: N815
    urgency: Literal["high", "medium", "low"] | None = (
        None  # in the order of URGENCIES: typing keeps one of equal Literals
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        _has_one(self, "text", "reason")
        return self


class Email(Content):
    to: Annotated[str, Field(max_length=254, pattern=f"^{EMAIL}$")] | None = None
    subject: Line
    body: Words
    templateId: Annotated[UUID, Field(strict=False)] | None = None  # noqa: N815


class Call(Content):
    """A talk: about what, or when. Give `topic` or `suggestedTimes`."""

    topic: Line | None = None
    at: Moment | None = None
    minutes: Minutes | None = None
    suggestedTimes: Annotated[list[Time], Field(min_length=1, max_length=20)] | None = Field(  # noqa: N815
        None, description="A time without a zone is taken as UTC."
    )
    duration: Minutes | None = None
    meetingType: Line | None = None  # noqa: N815

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        _has_one(self, "topic", "suggestedTimes")
        return self


class Proposal(Content):
    title: Line
    body: Words
    value: Annotated[int, Field(ge=0, lt=MOST_VALUE), Whole] | None = None


CONTENT: Final[Mapping[str, type[Content]]] = dict(
    zip(TYPES, (Task, PullRequest, Reply, FollowUp, Email, Call, Proposal), strict=True)
)


def content(kind: str, given: object) -> dict[str, Any]:
    """As it is kept. Raises NotAllowed, naming what is wrong."""
    if kind not in CONTENT:
        raise NotAllowed(f"type must be one of: {', '.join(CONTENT)}")
    try:
        return CONTENT[kind].model_validate(given).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        wrong = [
            ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))))
            for one in error.errors()
        ]
        raise NotAllowed(f"{kind} takes {takes(kind)}; {'; '.join(wrong[:3])}") from None


def takes(kind: str) -> str:
    """The names of its content; a ? marks those that may be left out."""
    return ", ".join(f"{name}{'' if one.is_required() else '?'}" for name, one in CONTENT[kind].model_fields.items())


def takes_of_all() -> str:
    return "; ".join(f"{kind} {{{takes(kind)}}}" for kind in CONTENT)


class SuggestedStep(NamedTuple):
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
        "Bicarakan langkah berikutnya{dengan}", "Talk about the next step{name}",
    ),
}  # fmt: skip


def by_rule(occasion: str, about: str, *, name: str | None, language: str | None) -> SuggestedStep:
    """`about` is the message or change that called for it."""
    kind, confidence, why, indonesian, english = BY_RULE[occasion]
    called = (name or "").split(" ")[0][:40]
    text = (english if language == "en" else indonesian).format(
        kak=f" Kak {called}" if called else "",
        dengan=f" dengan Kak {called}" if called else "",
        name=f" with {called}" if called and kind == "SCHEDULE_CALL" else f" {called}" if called else "",
    )
    given = {"topic": text} if kind == "SCHEDULE_CALL" else {"text": text}
    return SuggestedStep(kind, content(kind, given), confidence, why, f"{occasion} {about}")
