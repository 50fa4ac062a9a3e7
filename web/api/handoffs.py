"""Operations on handoffs: conversations that were given to a person."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field

from domain.handoff import ContextPacket, CRMClient, Level
from domain.phone import Phones
from store.crm import handoffs
from store.crm.handoffs import HandoffNotTaken
from store.leads import leads
from store.postgres import Pool
from web.api.leads import LARGEST, Plain, Query
from web.api.models import Whole, Words
from web.api.operation import Answer, Operation, OperationCall
from web.api.problems import Problem

log = structlog.get_logger(__name__)


class Handoff(BaseModel):
    """A conversation that was given to a person, with what was known then."""

    id: int
    session_id: str
    lead_id: UUID | None
    conversation_id: UUID | None
    lead_level: str
    handoff_reason: str
    original_reason: str | None
    visitor_email: str | None
    visitor_name: str | None
    visitor_company: str | None
    visitor_role: str | None
    problem_fit: str
    authority_fit: str
    company_fit: str
    timing_fit: str
    is_consultant: bool
    referral_mentioned: bool
    turn_count: int
    signals_observed: list[str | dict[str, Any]] = Field(
        description="Names of signals, or objects that say more of them."
    )
    conversation_summary: str
    created_at: datetime
    crm_record_id: str = Field(description="What the CRM calls it.")


class Handoffs(BaseModel):
    """Newest first."""

    handoffs: list[Handoff]
    next: int | None = Field(description="Give it as `before` for older ones; null at the end.")


class HandoffsQuery(Query):
    level: Level | None = None
    session: Annotated[str, Plain, Field(max_length=200)] | None = None
    before: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class NewHandoff(ContextPacket):
    """What is handed over; the same `packet_id` again is the same handoff."""

    model_config = ConfigDict(title="NewHandoff", strict=True)

    packet_id: Annotated[Words, Field(max_length=200)] = Field(default_factory=lambda: uuid4().hex)
    session_id: Annotated[Words, Field(max_length=200)]
    problem_fit: Annotated[Words, Field(max_length=50)] = "unknown"
    authority_fit: Annotated[Words, Field(max_length=50)] = "unknown"
    company_fit: Annotated[Words, Field(max_length=50)] = "unknown"
    timing_fit: Annotated[Words, Field(max_length=50)] = "unknown"
    turn_count: Annotated[int, Field(ge=0, le=2**31 - 1), Whole] = 0


class Taken(BaseModel):
    """What became of it."""

    crm_record_id: str


class Cleared(BaseModel):
    """How many handoffs there were of that session."""

    cleared: int


class HandoffOperations:
    def __init__(self, pool: Pool, phones: Phones, crm: CRMClient) -> None:
        self._pool = pool
        self._phones = phones
        self._crm = crm

    def table(self) -> list[Operation]:
        return [
            Operation("GET", "/handoffs", "listHandoffs", "Handoffs, newest first", "handoffs:read", "viewer", self.list, Handoffs, query=HandoffsQuery),
            Operation("POST", "/handoffs", "handOver", "Hand a conversation over", "handoffs:write", "sales", self.create, Taken, body=NewHandoff, status=201, problems=(502,)),
            Operation("DELETE", "/handoffs/{session_id}", "clearHandoffs", "Delete all handoffs of a session", "handoffs:write", "operator", self.clear, Cleared),
        ]  # fmt: skip

    async def list(self, call: OperationCall) -> Answer:
        query: HandoffsQuery = call.query
        await leads.log_access(self._pool, None, call.caller.actor.name, "handoffs")
        rows = await handoffs.page(
            self._pool, level=query.level, session=query.session, before=query.before, limit=query.limit
        )
        found = [
            Handoff.model_validate(dict(row) | {"signals_observed": orjson.loads(row["signals_observed"])})
            for row in rows
        ]
        return Answer(Handoffs(handoffs=found, next=found[-1].id if len(found) == query.limit else None))

    async def create(self, call: OperationCall) -> Answer:
        packet = await handoffs.completed(self._pool, call.body, self._phones)
        try:
            return Answer(Taken(crm_record_id=await self._crm.create_lead(packet)))
        except HandoffNotTaken as error:
            log.warning("the crm did not take a handoff", error=type(error.__cause__).__name__)
            again = f"The handoff is kept here. Send it again with the packet_id {error.packet_id!r}."
            raise Problem(502, "The CRM did not take it", again) from error

    async def clear(self, call: OperationCall) -> Answer:
        await leads.log_access(self._pool, None, call.caller.actor.name, "clear")
        return Answer(Cleared(cleared=await handoffs.clear(self._pool, call.path["session_id"].replace("\0", ""))))
