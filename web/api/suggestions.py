"""Operations on suggestions: next steps for a lead, which people decide on and others carry out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, RootModel

from domain import next_step
from domain.next_step import CONTENT, State, SuggestedStep
from store.access.access_log import AccessLog
from store.leads import next_steps
from store.leads.next_steps import WrongState
from store.postgres import Pool
from web.api.fields import Strict
from web.api.leads import LARGEST, Query, Several
from web.api.models import Words
from web.api.operation import Answer, Operation, OperationCall, number_of
from web.api.problems import Problem
from web.live import Hub

Type = Literal["TASK", "PR", "REPLY", "FOLLOW_UP", "SEND_EMAIL", "SCHEDULE_CALL", "SEND_PROPOSAL"]
Status = Literal["DRAFT", "PENDING", "APPROVED", "REJECTED", "MODIFIED", "FAILED"]
assert (Type.__args__, Status.__args__) == (tuple(CONTENT), tuple(State))  # type: ignore[attr-defined]
ReasonText = Annotated[Words, Field(max_length=2000)]


class NextStep(BaseModel):
    """What to do next about a lead, as somebody suggests it."""

    id: int
    lead_id: UUID | None = Field(description="null once the lead was deleted.")
    type: Type
    status: Status = Field(description="APPROVED and MODIFIED ones are to be carried out, by you.")
    suggested_content: dict[str, Any] = Field(description="What the type takes, as suggested.")
    approved_content: dict[str, Any] | None = Field(description="What a person made of it (MODIFIED).")
    confidence: float | None
    reasoning: str | None
    tokens: int = Field(description="What a model cost to word it.")
    source: str
    actor: str
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    error: str | None = Field(description="Why it could not be carried out (FAILED).")


class NextStepPage(BaseModel):
    """Newest first."""

    suggestions: list[NextStep]
    next: int | None = Field(description="Give it as `before` for older ones; null at the end.")


class SuggestionsQuery(Query):
    status: Annotated[list[Status], Several] = Field([], description="Any of them, separated by commas.")
    type: Annotated[list[Type], Several] = Field([], description="Any of them, separated by commas.")
    lead_id: UUID | None = None
    before: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class _New(Strict):
    lead_id: Annotated[UUID, Field(strict=False)]
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    reasoning: ReasonText | None = None
    draft: bool = Field(False, description="Shown as a draft until it is submitted. People may decide on it already.")


class NewTask(_New):
    type: Literal["TASK"]
    suggested_content: next_step.Task


class NewPullRequest(_New):
    type: Literal["PR"]
    suggested_content: next_step.PullRequest


class NewReply(_New):
    type: Literal["REPLY"]
    suggested_content: next_step.Reply


class NewFollowUp(_New):
    type: Literal["FOLLOW_UP"]
    suggested_content: next_step.FollowUp


class NewEmail(_New):
    type: Literal["SEND_EMAIL"]
    suggested_content: next_step.Email


class NewCall(_New):
    type: Literal["SCHEDULE_CALL"]
    suggested_content: next_step.Call


class NewProposal(_New):
    type: Literal["SEND_PROPOSAL"]
    suggested_content: next_step.Proposal


class NewSuggestion(
    RootModel[
        Annotated[
            NewTask | NewPullRequest | NewReply | NewFollowUp | NewEmail | NewCall | NewProposal,
            Field(discriminator="type"),
        ]
    ]
):
    """A next step; `suggested_content` is what its type takes."""


class Approval(Strict):
    """Approves it as it is, or with `content` in its place."""

    content: dict[str, Any] | None = None
    reason: ReasonText | None = None


class Rejection(Strict):
    reason: ReasonText | None = None


class Failure(Strict):
    """Says why it could not be carried out."""

    error: ReasonText


class SuggestionOperations:
    def __init__(self, pool: Pool, hub: Hub, access_log: AccessLog) -> None:
        self._pool = pool
        self._access_log = access_log
        self._hub = hub

    def table(self) -> list[Operation]:
        read, write = ("suggestions:read", "viewer"), ("suggestions:write", "sales")
        decide = ("suggestions:decide", "sales")
        return [
            Operation("GET", "/suggestions", "listSuggestions", "Next steps that are suggested, newest first", *read, self.list, NextStepPage, query=SuggestionsQuery),
            Operation("POST", "/suggestions", "suggest", "Suggest a next step", *write, self.create, NextStep, body=NewSuggestion, status=201, problems=(404,)),
            Operation("GET", "/suggestions/{id}", "getSuggestion", "One suggestion, also of a lead that was deleted", *read, self.get, NextStep, problems=(404,)),
            Operation("POST", "/suggestions/{id}/submit", "submitSuggestion", "A draft is ready to be decided on", *write, self.submit, NextStep, problems=(404,)),
            Operation("POST", "/suggestions/{id}/approve", "approveSuggestion", "Approve, as it is or changed", *decide, self.approve, NextStep, body=Approval, problems=(404, 409)),
            Operation("POST", "/suggestions/{id}/reject", "rejectSuggestion", "Reject", *decide, self.reject, NextStep, body=Rejection, problems=(404, 409)),
            Operation("POST", "/suggestions/{id}/fail", "failSuggestion", "Say that an approved one could not be carried out", *write, self.fail, NextStep, body=Failure, problems=(404, 409)),
        ]  # fmt: skip

    async def list(self, call: OperationCall) -> Answer:
        query: SuggestionsQuery = call.query
        rows = await next_steps.page(
            self._pool,
            status=query.status,
            type=query.type,
            lead=query.lead_id,
            before=query.before,
            limit=query.limit,
            deleted=query.lead_id is None,
        )
        asked = query.model_dump(exclude_defaults=True)
        self._access_log.note(
            call.caller.actor.name, "list", {"page": "suggestions"} | asked, [row["lead_id"] for row in rows]
        )
        found = [_suggestion(row) for row in rows]
        return Answer(NextStepPage(suggestions=found, next=found[-1].id if len(found) == query.limit else None))

    async def get(self, call: OperationCall) -> Answer:
        row = await next_steps.read(self._pool, number_of(call.path["id"]), deleted=True)
        self._access_log.note(
            call.caller.actor.name, "read", {"page": "suggestions", "id": row["id"]}, [row["lead_id"]]
        )
        return Answer(_suggestion(row))

    async def create(self, call: OperationCall) -> Answer:
        given = call.body.root
        step = SuggestedStep(
            given.type, given.suggested_content.model_dump(mode="json", exclude_none=True), given.confidence,
            given.reasoning, draft=given.draft,
        )  # fmt: skip
        id = await next_steps.propose(self._pool, given.lead_id, step, by=call.caller.actor)
        assert id is not None  # only a step with an occasion can be a repeat, and this one has none
        return await self._answer(await next_steps.read(self._pool, id))

    async def submit(self, call: OperationCall) -> Answer:
        return await self._answer(await next_steps.submit(self._pool, number_of(call.path["id"])))

    async def approve(self, call: OperationCall) -> Answer:
        id, said = number_of(call.path["id"]), call.body
        with _conflicts():
            done = await next_steps.approve(
                self._pool, id, by=call.caller.actor, changed=said.content, reason=said.reason
            )
        return await self._answer(done)

    async def reject(self, call: OperationCall) -> Answer:
        with _conflicts():
            done = await next_steps.reject(
                self._pool, number_of(call.path["id"]), by=call.caller.actor, reason=call.body.reason
            )
        return await self._answer(done)

    async def fail(self, call: OperationCall) -> Answer:
        with _conflicts():
            done = await next_steps.fail(self._pool, number_of(call.path["id"]), call.body.error, by=call.caller.actor)
        return await self._answer(done)

    async def _answer(self, row: Any) -> Answer:
        self._hub.forget()
        return Answer(_suggestion(row))


@contextmanager
def _conflicts() -> Iterator[None]:
    """Somebody decided already."""
    try:
        yield
    except WrongState as error:
        raise Problem(409, "Wrong state", str(error)) from None


def _suggestion(row: Any) -> NextStep:
    parsed = {name: row[name] and orjson.loads(row[name]) for name in ("suggested_content", "approved_content")}
    known = {"lead_id": row["known_lead_id"]} if "known_lead_id" in row.keys() else {}  # noqa: SIM118
    return NextStep.model_validate(dict(row) | parsed | known)
