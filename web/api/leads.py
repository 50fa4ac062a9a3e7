"""Operations on leads and messages."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from domain.lead_filter import LONGEST_ORIGIN, NOBODY, LeadFilter, narrowed_by_search
from store.access.access_log import AccessLog
from store.leads import lead_detail, lead_list, leads
from store.leads.lead_detail import MessageCursor
from store.leads.lead_list import Order
from store.leads.leads import Actor, NotFound
from store.postgres import Pool
from web.api import models
from web.api.operation import Answer, Operation, OperationCall, uuid_of
from web.api.problems import not_found
from web.live import Hub
from web.query import cursor_of, cursor_text, moment_of, moment_text

LARGEST = 2**63 - 1
CURSOR = r"^-?[0-9]{1,17}\.-?[0-9]{1,17}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
MESSAGE_CURSOR = r"^-?[0-9]{1,17}\.-?[0-9]{1,17}~[^\x00]{1,300}$"


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
    trade: Annotated[str, Plain, Field(max_length=200)] | None = Field(None, description="business_type, in any case.")
    owner: Annotated[list[Annotated[str, Plain]], Several] = Field(
        [], description="Any of these users, separated by commas; - stands for nobody."
    )
    tag: Annotated[list[Annotated[str, Plain]], Several] = Field([], description="Any of them, separated by commas.")
    origin: Annotated[str, Plain, Field(max_length=LONGEST_ORIGIN)] | None = Field(
        None, description="As `came_from` names it."
    )
    snoozed: bool | None = Field(None, description="Only those that the inbox leaves out now, or only the others.")
    waiting: bool = Field(False, description="Only those that wait for our answer.")
    order: Order = Field(
        "newest",
        description="By the last message, newest or oldest first; by waiting time, the longest first; or by priority, "
        "the best score first.",
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
    def __init__(self, pool: Pool, hub: Hub, access_log: AccessLog) -> None:
        self._pool = pool
        self._hub = hub
        self._access_log = access_log

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

    async def list(self, call: OperationCall) -> Answer:
        query: ListQuery = call.query
        chosen = LeadFilter(
            status=query.status, temperature=query.temperature, phase=query.phase, city=query.city,
            awaiting_reply=query.waiting or None, trade=query.trade, owner=query.owner or None, tag=query.tag or None,
            snoozed=query.snoozed, origin=query.origin,
        )  # fmt: skip
        wanted, strange = narrowed_by_search(chosen, query.q, call.caller.reader or NOBODY)
        after = cursor_of(query.after, query.order) if query.after else None
        page = await lead_list.page(self._pool, wanted, after=after, limit=query.limit, order=query.order)
        asked = query.model_dump(exclude_defaults=True)
        self._access_log.note(call.caller.actor.name, "list", asked, [row["id"] for row in page.leads])
        return Answer(
            models.LeadPage(
                leads=[models.LeadSummary.model_validate(dict(row)) for row in page.leads],
                next=cursor_text(page.next) if page.next else None,
                guessed=page.guessed,
                not_understood=strange,
            )
        )

    async def get(self, call: OperationCall) -> Answer:
        lead = await self._lead(call.path["id"], call.caller.actor)
        return Answer(lead, lead.version)

    async def patch(self, call: OperationCall) -> Answer:
        id, patch = uuid_of(call.path["id"]), call.body
        values = {name: getattr(patch, name) for name in patch.model_fields_set}
        done = await leads.patch(self._pool, id, values, version=call.version, by=call.caller.actor)
        return await self._patched(done, call)

    async def move(self, call: OperationCall) -> Answer:
        id = uuid_of(call.path["id"])
        done = await leads.set_status(self._pool, id, call.body.status, by=call.caller.actor, version=call.version,
                                      reason=call.body.reason)  # fmt: skip
        return await self._patched(done, call)

    async def delete(self, call: OperationCall) -> Answer:
        id = uuid_of(call.path["id"])
        await leads.delete(self._pool, id, by=call.caller.actor, version=call.version)
        self._hub.forget()
        return Answer(models.Deleted(deleted=id))

    async def restore(self, call: OperationCall) -> Answer:
        lead = await leads.restore(self._pool, uuid_of(call.path["id"]), by=call.caller.actor)
        self._hub.forget()
        return Answer(await self._lead(str(lead.id), call.caller.actor), lead.version)

    async def notes(self, call: OperationCall) -> Answer:
        return Answer(await self._notes(uuid_of(call.path["id"]), call.caller.actor))

    async def add_note(self, call: OperationCall) -> Answer:
        id, note = uuid_of(call.path["id"]), call.body
        if note.corrects is not None:
            await leads.correct_note(self._pool, id, note.corrects, note.text, by=call.caller.actor)
        else:
            await leads.add_note(self._pool, id, note.text, by=call.caller.actor)
        self._hub.forget()
        return Answer(await self._notes(id, call.caller.actor))

    async def history(self, call: OperationCall) -> Answer:
        query: HistoryQuery = call.query
        lead = await lead_detail.opened(self._pool, uuid_of(call.path["id"]), call.caller.actor)
        rows = await lead_detail.history(
            self._pool, lead["id"], field=query.field, before=query.before, limit=query.limit
        )
        changes = [
            models.Change.model_validate(dict(row) | {name: leads.plain(row[name]) for name in ("old", "new")})
            for row in rows
        ]
        return Answer(models.History(changes=changes, next=rows[-1]["id"] if len(rows) == query.limit else None))

    async def messages(self, call: OperationCall) -> Answer:
        query: MessagesQuery = call.query
        lead = await lead_detail.opened(self._pool, uuid_of(call.path["id"]), call.caller.actor)
        rows = await lead_detail.messages(
            self._pool, lead["contact_id"], before=_before(query.before), limit=query.limit
        )
        last = rows[-1] if len(rows) == query.limit else None
        return Answer(
            models.Messages(
                messages=[_message(row) for row in rows],
                next=_cursor_text(MessageCursor.of(last)) if last else None,
            )
        )

    async def message(self, call: OperationCall) -> Answer:
        row = await lead_detail.message(self._pool, call.path["id"].replace("\0", ""))
        if row is None:
            raise not_found("there is no such message")
        if row["contact_id"]:
            with suppress(NotFound):  # the contact has no lead yet
                await lead_detail.opened(self._pool, row["contact_id"], call.caller.actor)
        return Answer(_message(row))

    async def events(self, call: OperationCall) -> Response:
        return self._hub.stream(call.caller.who, call.caller.still, call.over)

    # -- together

    async def _lead(self, id: str, by: Actor) -> models.Lead:
        detail = await lead_detail.read(self._pool, uuid_of(id), by, messages=1)
        why = {name: models.Provenance.model_validate(dict(row)) for name, row in detail.why.items()}
        suggestions = [
            models.FieldSuggestion.model_validate(dict(row) | {"value": leads.plain(row["value"])})
            for row in detail.suggestions
        ]
        signals = orjson.loads(detail.lead["signals"])
        explained = {"why": why, "suggestions": suggestions, "signals": signals}
        found: models.Lead = models.Lead.model_validate(dict(detail.lead) | explained)
        return found

    async def _patched(self, done: leads.PatchedLead, call: OperationCall) -> Answer:
        self._hub.forget()
        lead = await self._lead(str(done.lead.id), call.caller.actor)
        return Answer(models.Patched(lead=lead, changed=done.changed, suggested=done.suggested), lead.version)

    async def _notes(self, id: UUID, by: Actor) -> models.Notes:
        lead = await lead_detail.opened(self._pool, id, by)
        rows = await lead_detail.notes(self._pool, lead["id"])
        return models.Notes(notes=[models.Note.model_validate(dict(row)) for row in rows])


def _message(row: asyncpg.Record | Mapping[str, Any]) -> models.Message:
    objects = ("content", "error", "referral", "referred_product")
    parsed = {name: orjson.loads(row[name]) if row[name] else None for name in objects}
    return models.Message.model_validate(dict(row) | parsed | {"has_media": row["media_url"] is not None})


def _cursor_text(cursor: MessageCursor) -> str:
    return f"{moment_text(cursor.sent_at)}.{moment_text(cursor.received_at)}~{cursor.id}"


def _before(text: str | None) -> MessageCursor | None:
    if text is None:
        return None
    times, _, id = text.partition("~")
    sent_at, _, received_at = times.partition(".")
    return MessageCursor(moment_of(sent_at), moment_of(received_at), id)
