"""Operations of a support desk: tickets, how conversations feel, several people on a lead."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from domain.phone import Phones
from domain.sentiment import Sentiment
from store.access.access_log import AccessLog
from store.crm import tickets
from store.leads import insights, lead_detail, people
from store.postgres import Pool
from web.api.fields import Strict
from web.api.leads import LARGEST, Query, Several
from web.api.models import Text, Words
from web.api.operation import Answer, Operation, OperationCall, etag, number_of, uuid_of
from web.api.problems import Problem
from web.live import Hub

Status = Literal["open", "pending", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
assert (Status.__args__, Priority.__args__) == (tickets.STATUSES, tickets.PRIORITIES)  # type: ignore[attr-defined]
Subject = Annotated[Words, Field(max_length=200)]


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


# This default is never read: a patch uses only the fields in `model_fields_set`.
LEFT_OUT: Any = Field(None, json_schema_extra=_without_default)
Assignee = Annotated[Words, Field(max_length=100)]


class Ticket(BaseModel):
    """Something that a customer needs help with, in one conversation."""

    id: int
    conversation_id: UUID
    lead_id: UUID
    subject: str
    status: Status = Field(description="open: for us to act; pending: waits for the customer; solved; closed for good.")
    priority: Priority
    assignee: str | None
    opened_by: str
    version: int = Field(description="Rises with every change; its ETag.")
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None


class Tickets(BaseModel):
    """Newest first."""

    tickets: list[Ticket]
    next: int | None = Field(description="Give it as `before` for older ones; null at the end.")


class TicketsQuery(Query):
    status: Annotated[list[Status], Several] = Field([], description="Any of them, separated by commas.")
    priority: Annotated[list[Priority], Several] = Field([], description="Any of them, separated by commas.")
    conversation_id: UUID | None = None
    before: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class NewTicket(Strict):
    conversation_id: Annotated[UUID, Field(strict=False)]
    subject: Subject
    priority: Priority = "normal"
    assignee: Assignee | None = None


class TicketPatch(Strict):
    """What to set; a field left out stays as it is, and null takes the assignee away."""

    subject: Subject = LEFT_OUT
    status: Status = LEFT_OUT
    priority: Priority = LEFT_OUT
    assignee: Assignee | None = None


class Felt(BaseModel):
    """A change of the sentiment, and the message that shows it."""

    sentiment: Sentiment
    message_id: str
    at: datetime


class Insight(BaseModel):
    """What was found out about a conversation."""

    conversation_id: UUID
    lead_id: UUID
    awaiting_reply: bool
    sentiment: Sentiment | None = Field(description="Null until the chat was read.")
    sentiment_message_id: str | None = Field(description="The message that shows it.")
    sentiment_at: datetime | None
    sentiment_history: list[Felt] = Field(description="Oldest first.")


class Insights(BaseModel):
    """The newest conversation first."""

    insights: list[Insight]


class Person(BaseModel):
    """A further person on a lead."""

    contact_id: UUID
    lead_id: UUID = Field(description="Their own lead.")
    name: str | None
    phone: str | None
    role: str | None
    added_by: str
    added_at: datetime


class People(BaseModel):
    """In the order in which they were added."""

    people: list[Person]


class NewPerson(Strict):
    """Somebody who is known already."""

    who: Annotated[Words, Field(max_length=200)] = Field(description="A number in any form, a @username or an id.")
    role: Annotated[Text, Field(max_length=100)] | None = None


class SupportOperations:
    def __init__(self, pool: Pool, hub: Hub, phones: Phones, access_log: AccessLog) -> None:
        self._pool = pool
        self._access_log = access_log
        self._hub = hub
        self._phones = phones

    def table(self) -> list[Operation]:
        read, write = ("tickets:read", "viewer"), ("tickets:write", "sales")
        see, edit = ("leads:read", "viewer"), ("leads:write", "sales")
        return [
            Operation("GET", "/tickets", "listTickets", "Tickets, newest first", *read, self.list, Tickets, query=TicketsQuery),
            Operation("GET", "/tickets/{id}", "getTicket", "One ticket", *read, self.get, Ticket, problems=(404,)),
            Operation("POST", "/tickets", "openTicket", "Open a ticket in a conversation", *write, self.create, Ticket, body=NewTicket, status=201, problems=(404,)),
            Operation("PATCH", "/tickets/{id}", "patchTicket", "Move a ticket on", *write, self.patch, Ticket, body=TicketPatch, if_match="may", problems=(404, 412)),
            Operation("GET", "/leads/{id}/conversations", "leadConversations", "How a lead's conversations feel", *see, self.insights, Insights, problems=(404,)),
            Operation("GET", "/leads/{id}/people", "leadPeople", "Further people on a lead", *see, self.people, People, problems=(404,)),
            Operation("POST", "/leads/{id}/people", "addPerson", "Put somebody on a lead", *edit, self.add_person, People, body=NewPerson, status=201, problems=(404,)),
            Operation("DELETE", "/leads/{id}/people/{contact}", "removePerson", "Take somebody off a lead", *edit, self.remove_person, People, problems=(404,)),
        ]  # fmt: skip

    async def list(self, call: OperationCall) -> Answer:
        query: TicketsQuery = call.query
        rows = await tickets.page(
            self._pool, status=query.status, priority=query.priority, conversation=query.conversation_id,
            before=query.before, limit=query.limit,
        )  # fmt: skip
        asked = query.model_dump(exclude_defaults=True)
        self._access_log.note(
            call.caller.actor.name, "list", {"page": "tickets"} | asked, [row["lead_id"] for row in rows]
        )
        found = [Ticket.model_validate(dict(row)) for row in rows]
        return Answer(Tickets(tickets=found, next=found[-1].id if len(found) == query.limit else None))

    async def get(self, call: OperationCall) -> Answer:
        row = await tickets.read(self._pool, number_of(call.path["id"]))
        self._access_log.note(call.caller.actor.name, "read", {"page": "tickets", "id": row["id"]}, [row["lead_id"]])
        return _ticket(row)

    async def create(self, call: OperationCall) -> Answer:
        new: NewTicket = call.body
        made = await tickets.create(
            self._pool, new.conversation_id, new.subject, priority=new.priority, assignee=new.assignee,
            by=call.caller.actor,
        )  # fmt: skip
        self._hub.forget()
        return _ticket(made)

    async def patch(self, call: OperationCall) -> Answer:
        values = {name: getattr(call.body, name) for name in call.body.model_fields_set}
        with _stale():
            done = await tickets.patch(
                self._pool, number_of(call.path["id"]), values, by=call.caller.actor, version=call.version
            )
        self._hub.forget()
        return _ticket(done)

    async def insights(self, call: OperationCall) -> Answer:
        lead = await lead_detail.opened(self._pool, uuid_of(call.path["id"]), call.caller.actor)
        rows = await insights.of(self._pool, lead["id"])
        return Answer(Insights(insights=[_insight(row) for row in rows]))

    async def people(self, call: OperationCall) -> Answer:
        lead = await lead_detail.opened(self._pool, uuid_of(call.path["id"]), call.caller.actor)
        return Answer(await self._people(lead["id"]))

    async def add_person(self, call: OperationCall) -> Answer:
        id, new = uuid_of(call.path["id"]), call.body
        await people.add(self._pool, id, new.who, role=new.role, by=call.caller.actor, phones=self._phones)
        self._hub.forget()
        return Answer(await self._people(id))

    async def remove_person(self, call: OperationCall) -> Answer:
        id = uuid_of(call.path["id"])
        await people.remove(self._pool, id, uuid_of(call.path["contact"]), by=call.caller.actor)
        self._hub.forget()
        return Answer(await self._people(id))

    async def _people(self, lead: UUID) -> People:
        return People(people=[Person.model_validate(dict(row)) for row in await people.of(self._pool, lead)])


@contextmanager
def _stale() -> Iterator[None]:
    try:
        yield
    except tickets.Changed as error:
        raise Problem(412, "Changed meanwhile", f"{error}. Read it again, then decide.",
                      headers={"ETag": etag(error.version)}) from None  # fmt: skip


def _ticket(row: Any) -> Answer:
    ticket = Ticket.model_validate(dict(row))
    return Answer(ticket, ticket.version)


def _insight(row: Any) -> Insight:
    history = orjson.loads(row["sentiment_history"]) if row["sentiment_history"] else []
    return Insight.model_validate(dict(row) | {"sentiment_history": history})
