"""Operations on leads and messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from dashboard.api import models
from dashboard.api.operation import EPOCH_READER, Answer, Call, Operation, uuid_of
from dashboard.api.problems import not_found
from dashboard.live import Hub
from dashboard.query import cursor_of, cursor_text, moment_of, moment_text, view_of
from store import lead_list, leads
from store.lead_list import Order, Reader
from store.leads import Actor
from store.postgres import Pool

BEGINNING = datetime.fromisoformat("2009-01-01T00:00:00+00:00")
LARGEST = 2**63 - 1
CURSOR = r"^-?[0-9]{1,17}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
MESSAGE_CURSOR = r"^-?[0-9]{1,17}~[^\x00]{1,300}$"


def _listed(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _no_nul(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not hold NUL")
    return value


Several = BeforeValidator(_listed)
Plain = BeforeValidator(_no_nul)


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListQuery(Query):
    q: Annotated[str, Plain, Field(max_length=200)] = Field(
        "", description="As in the dashboard: a name, a number in any form, qualifiers."
    )
    status: Annotated[list[models.Status], Several] = Field([], description="Any of them, separated by commas.")
    temperature: Annotated[list[models.Temperature], Several] = Field(
        [], description="Any of them, separated by commas."
    )
    phase: Annotated[list[models.Phase], Several] = Field([], description="Any of them, separated by commas.")
    city: Annotated[str, Plain, Field(max_length=200)] | None = Field(
        None, description="By its official name, in any case."
    )
    waiting: bool = Field(False, description="Only those that wait for our answer.")
    order: Order = Field(
        "newest", description="By the last message, newest or oldest first; or by priority, the best score first."
    )
    after: Annotated[str, Field(pattern=CURSOR)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class HistoryQuery(Query):
    field: Annotated[str, Plain, Field(max_length=100)] | None = Field(None, description="Only of this field.")
    before: Annotated[int, Field(ge=1, le=LARGEST)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class MessagesQuery(Query):
    before: Annotated[str, Field(pattern=MESSAGE_CURSOR)] | None = Field(None, description="`next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class LeadOperations:
    def __init__(self, pool: Pool, hub: Hub) -> None:
        self._pool = pool
        self._hub = hub

    def table(self) -> list[Operation]:
        read, write = ("leads:read", "viewer"), ("leads:write", "sales")
        return [
            Operation("GET", "/leads", "listLeads", "Leads, the newest message first", *read, self.list, models.LeadPage, query=ListQuery),
            Operation("GET", "/leads/{id}", "getLead", "One lead, and where each value comes from", *read, self.get, models.Lead, problems=(404,)),
            Operation("PATCH", "/leads/{id}", "patchLead", "Set fields of a lead", *write, self.patch, models.Patched, body=models.LeadPatch, if_match="must", problems=(404, 412, 428)),
            Operation("POST", "/leads/{id}/status", "moveLead", "Move a lead to a status", *write, self.move, models.Patched, body=models.StatusChange, if_match="may", problems=(404, 412)),
            Operation("DELETE", "/leads/{id}", "deleteLead", "Put a lead out of sight", *write, self.delete, models.Deleted, if_match="may", problems=(404, 412)),
            Operation("POST", "/leads/{id}/restore", "restoreLead", "Bring a deleted lead back", *write, self.restore, models.Lead, problems=(404,)),
            Operation("GET", "/leads/{id}/notes", "listNotes", "The notes on a lead", *read, self.notes, models.Notes, problems=(404,)),
            Operation("POST", "/leads/{id}/notes", "addNote", "Write a note, or correct one", *write, self.add_note, models.Notes, body=models.NewNote, status=201, problems=(404,)),
            Operation("GET", "/leads/{id}/history", "leadHistory", "Every change of a lead", *read, self.history, models.History, query=HistoryQuery, problems=(404,)),
            Operation("GET", "/leads/{id}/messages", "leadMessages", "The chat with a lead", "messages:read", "viewer", self.messages, models.Messages, query=MessagesQuery, problems=(404,)),
            Operation("GET", "/messages/{id}", "getMessage", "One message by its WhatsApp id", "messages:read", "viewer", self.message, models.Message, problems=(404,)),
            Operation("GET", "/events", "events", "Server-sent events: `changed` whenever something may have", *read, self.events, None),
        ]  # fmt: skip

    async def list(self, call: Call) -> Answer:
        query: ListQuery = call.query
        given = {"q": query.q, "city": query.city or "", "view": "waiting" if query.waiting else ""}
        given |= {name: ",".join(getattr(query, name)) for name in ("status", "temperature", "phase")}
        view = view_of(given, call.caller.reader or Reader(EPOCH_READER, BEGINNING))
        after = cursor_of(query.after, query.order) if query.after else None
        page = await lead_list.page(self._pool, view.wanted, after=after, limit=query.limit, order=query.order)
        return Answer(
            models.LeadPage(
                leads=[models.LeadSummary.model_validate(dict(row)) for row in page.leads],
                next=cursor_text(page.next) if page.next else None,
                guessed=page.guessed,
            )
        )

    async def get(self, call: Call) -> Answer:
        lead = await self._lead(call.path["id"], call.caller.actor)
        return Answer(lead, lead.version)

    async def patch(self, call: Call) -> Answer:
        id, patch = uuid_of(call.path["id"]), call.body
        values = {name: getattr(patch, name) for name in patch.model_fields_set}
        done = await leads.patch(self._pool, id, values, version=call.version, by=call.caller.actor)
        return await self._patched(done, call)

    async def move(self, call: Call) -> Answer:
        id = uuid_of(call.path["id"])
        done = await leads.set_status(self._pool, id, call.body.status, by=call.caller.actor, version=call.version,
                                      reason=call.body.reason)  # fmt: skip
        return await self._patched(done, call)

    async def delete(self, call: Call) -> Answer:
        id = uuid_of(call.path["id"])
        await leads.delete(self._pool, id, by=call.caller.actor, version=call.version)
        self._hub.forget()
        return Answer(models.Deleted(deleted=id))

    async def restore(self, call: Call) -> Answer:
        lead = await leads.restore(self._pool, uuid_of(call.path["id"]), by=call.caller.actor)
        self._hub.forget()
        return Answer(await self._lead(str(lead.id), call.caller.actor), lead.version)

    async def notes(self, call: Call) -> Answer:
        return Answer(await self._notes(uuid_of(call.path["id"])))

    async def add_note(self, call: Call) -> Answer:
        id, note = uuid_of(call.path["id"]), call.body
        if note.corrects is not None:
            if note.corrects not in {one.id for one in (await self._notes(id)).notes}:
                raise not_found(f"there is no note {note.corrects} on this lead")
            await leads.correct_note(self._pool, note.corrects, note.text, by=call.caller.actor)
        else:
            await leads.add_note(self._pool, id, note.text, by=call.caller.actor)
        self._hub.forget()
        return Answer(await self._notes(id))

    async def history(self, call: Call) -> Answer:
        query: HistoryQuery = call.query
        lead = await leads.current(self._pool, uuid_of(call.path["id"]))
        rows = await leads.history(self._pool, lead["id"], field=query.field, before=query.before, limit=query.limit)
        changes = [
            models.Change.model_validate(dict(row) | {name: leads.plain(row[name]) for name in ("old", "new")})
            for row in rows
        ]
        return Answer(models.History(changes=changes, next=rows[-1]["id"] if len(rows) == query.limit else None))

    async def messages(self, call: Call) -> Answer:
        query: MessagesQuery = call.query
        lead = await leads.current(self._pool, uuid_of(call.path["id"]))
        rows = await leads.messages(self._pool, lead["contact_id"], before=_before(query.before), limit=query.limit)
        last = rows[-1] if len(rows) == query.limit and rows[-1]["sent_at"] else None
        return Answer(
            models.Messages(
                messages=[_message(row) for row in rows],
                next=f"{moment_text(last['sent_at'])}~{last['id']}" if last else None,
            )
        )

    async def message(self, call: Call) -> Answer:
        row = await leads.message(self._pool, call.path["id"].replace("\0", ""))
        if row is None:
            raise not_found("there is no such message")
        return Answer(_message(row))

    async def events(self, _: Call) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._hub.listen(), media_type="text/event-stream", headers=headers)

    # -- together

    async def _lead(self, id: str, by: Actor) -> models.Lead:
        detail = await leads.read(self._pool, uuid_of(id), by, messages=1)
        why = {name: models.Why.model_validate(dict(row)) for name, row in detail.why.items()}
        suggestions = [
            models.Suggestion.model_validate(dict(row) | {"value": leads.plain(row["value"])})
            for row in detail.suggestions
        ]
        signals = orjson.loads(detail.lead["signals"])
        explained = {"why": why, "suggestions": suggestions, "signals": signals}
        return models.Lead.model_validate(dict(detail.lead) | explained)

    async def _patched(self, done: leads.Patched, call: Call) -> Answer:
        self._hub.forget()
        lead = await self._lead(str(done.lead.id), call.caller.actor)
        return Answer(models.Patched(lead=lead, changed=done.changed, suggested=done.suggested), lead.version)

    async def _notes(self, id: Any) -> models.Notes:
        lead = await leads.current(self._pool, id)
        rows = await leads.notes(self._pool, lead["id"])
        return models.Notes(notes=[models.Note.model_validate(dict(row)) for row in rows])


def _message(row: asyncpg.Record | Mapping[str, Any]) -> models.Message:
    parsed = {name: orjson.loads(row[name]) if row[name] else None for name in ("content", "error")}
    return models.Message.model_validate(dict(row) | parsed | {"has_media": row["media_url"] is not None})


def _before(text: str | None) -> tuple[datetime, str] | None:
    if text is None:
        return None
    at, _, id = text.partition("~")
    return moment_of(at), id
