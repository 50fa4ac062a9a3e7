"""Customers: leads in the words of a CRM. Read, page, search, patch and create; written through the lead's own rules.

Ids are those of leads, and those of merged leads keep resolving. Times are timezone-aware UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from domain import customer
from domain.field_kinds import NotAllowed
from domain.lead import CONVERTED, Claim, decide
from domain.lead_fields import parse
from domain.letters import searchable
from domain.phone import Phones, part
from domain.score import LUKEWARM, temperature
from domain.types import Sighting
from store.leads.lead_list import ALIKE
from store.leads.lead_merge import STATUS
from store.leads.lead_records import LeadRecord, Write, decided, joined, write
from store.leads.leads import Actor, NotFound, again_after_a_deadlock, at_version, insert_note, moved
from store.mirror import identities
from store.postgres import Connection, Pool, plain_pattern, statement

CONTACTED, COLD = "contacted", "cold"
# Imports say when a customer came; nobody comes later than now, as far as clocks agree.
MARGIN = timedelta(minutes=5)
EARLIEST_YEAR = 1970


class Exists(Exception):
    """There is somebody under that number or address: `id` is the customer, `deleted` if they were put out of sight."""

    def __init__(self, id: UUID, *, deleted: bool) -> None:
        super().__init__(f"there is a {'deleted ' if deleted else ''}customer with that phone or email already")
        self.id = id
        self.deleted = deleted


class KeyReused(Exception):
    """That Idempotency-Key stood for another request."""


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """Customers that fit all that is given; of several values any. `city` in any case."""

    status: Sequence[str] | None = None
    services: Sequence[str] | None = None
    not_signed_for_season: int | None = None
    last_service_before: date | None = None
    city: str | None = None


class FoundCustomers(NamedTuple):
    customers: list[asyncpg.Record]
    """Rows of the view customer_list."""
    total: int


class ChangedCustomer(NamedTuple):
    """The customer as it stands, and the words that a person holds: what was said of those became suggestions."""

    customer: asyncpg.Record
    suggested: list[str]


class Request(NamedTuple):
    """An Idempotency-Key, and a hash of what is asked under it."""

    key: str
    asked: bytes


async def page(
    pool: Pool, wanted: CustomerQuery, *, number: int, size: int, newest_first: bool = False
) -> FoundCustomers:
    """Page `number` (the first is 1). The oldest come first: whoever is created between two pages is behind both."""
    filters = (
        _list(wanted.status), _list(wanted.services), wanted.not_signed_for_season, wanted.last_service_before,
        wanted.city and wanted.city.lower(),
    )  # fmt: skip
    window = (size, (number - 1) * size)
    if any(filters):
        rows = await pool.fetch(statement("customers_page"), *filters, *window, newest_first)
    else:
        rows = await pool.fetch(statement("customers_newest" if newest_first else "customers_oldest"), *window)
    return FoundCustomers([row for row in rows if row["id"]], rows[0]["total"])


async def read(pool: Pool | Connection, id: UUID) -> asyncpg.Record:
    """A row of the view customer_list. Raises NotFound."""
    row = await pool.fetchrow(statement("customer"), id)
    if row is None:
        raise NotFound(f"there is no customer {id}")
    return row


async def search(pool: Pool, text: str, phones: Phones, *, limit: int) -> list[asyncpg.Record]:
    """By name, e-mail or a number in any form; when nobody is written so, those who are written most alike."""
    number = part(text)
    parts = [number] if number else searchable(text.replace("\0", "")).split()
    if not parts:
        return []
    ids = await _named(pool, phones.meant(text), parts[0] if len(parts) == 1 and "@" in parts[0] else None)
    if not ids:
        patterns = sorted((f"%{plain_pattern(part)}%" for part in parts), key=len, reverse=True)
        rows = await pool.fetch(statement("customers_matching"), patterns, limit, *(patterns * 3)[:3])
        ids = [row[0] for row in rows]
    if not ids and not number:
        ids = [row[0] for row in await pool.fetch(statement("leads_spelled_like"), " ".join(parts), ALIKE)][:limit]
    return list(await pool.fetch(statement("customers_of"), ids))


async def _named(pool: Pool, numbers: list[str], email: str | None) -> list[UUID]:
    """Who is called exactly that, so that a whole number or address never reads more than a row."""
    if not numbers and not email:
        return []
    return [row[0] for row in await pool.fetch(statement("customers_named"), numbers, email)]


@again_after_a_deadlock
async def patch(
    pool: Pool, id: UUID, values: Mapping[str, Any], *, version: int | None, by: Actor, request: Request | None = None
) -> ChangedCustomer:
    """Set what is given, None empties; `status` moves the lead, `notes` adds a note.

    With a `request`, asked again nothing is set or added twice. Raises Exists where somebody else has that number or
    address, KeyReused, NotAllowed, NotFound, Stale.
    """
    async with pool.acquire() as connection, connection.transaction():
        if request and (done := await _done_before(connection, request, by)):
            return ChangedCustomer(await read(connection, done["lead_id"]), done["suggested"])
        others = await _holders(connection, values)
        lead = await at_version(connection, id, version)
        if taken := [row["id"] for row in others if row["id"] != lead.id and not row["deleted_at"]]:
            raise Exists(taken[0], deleted=False)
        suggested = await _set(connection, lead, values, by)
        if request:
            await connection.execute(statement("end_request"), by.name, request.key, lead.id, suggested)
        return ChangedCustomer(await read(connection, lead.id), suggested)


@again_after_a_deadlock
async def create(pool: Pool, values: Mapping[str, Any], *, by: Actor, request: Request | None = None) -> asyncpg.Record:
    """A customer who never wrote by WhatsApp; when they do, they are found by their number.

    Needs a phone or an e-mail. `created_at` (with a time zone) says when they came, for imports. With a `request`,
    asked again it returns what came of it the first time. Raises Exists, KeyReused, NotAllowed.
    """
    async with pool.acquire() as connection, connection.transaction():
        if request and (done := await _done_before(connection, request, by)):
            return await read(connection, done["lead_id"])
        lead_id = await insert(connection, values, by=by)
        if request:
            await connection.execute(statement("end_request"), by.name, request.key, lead_id, [])
        return await read(connection, lead_id)


async def insert(connection: Connection, values: Mapping[str, Any], *, by: Actor) -> UUID:
    """`create` inside the caller's transaction. Return the id. Raises Exists, NotAllowed."""
    phone, email = _names(values)
    if not phone and not email:
        raise NotAllowed("a customer needs a phone or an email")
    if found := await _holders(connection, values):
        raise Exists(found[0]["id"], deleted=found[0]["deleted_at"] is not None)
    lead_id = await _meet(connection, str(phone) if phone else f"email:{email}")
    # The contact has the number.
    said = {name: value for name, value in values.items() if name not in ("phone", "created_at")}
    await _set(connection, await at_version(connection, lead_id, None), {"source": by.name, **said}, by)
    if came := values.get("created_at"):
        await connection.execute(statement("lead_came"), lead_id, _past(came))
    return lead_id


async def forget_requests(pool: Pool) -> None:
    """Those of more than a day ago."""
    await pool.execute(statement("forget_requests"))


async def _done_before(connection: Connection, request: Request, by: Actor) -> asyncpg.Record | None:
    """What came of it (lead_id, suggested); waits for whoever asks the same at this moment."""
    if await connection.fetchval(statement("remember_request"), by.name, request.key, request.asked):
        return None
    row = await connection.fetchrow(statement("remembered_request"), by.name, request.key)
    if row is None or row["asked"] != request.asked:
        raise KeyReused("that Idempotency-Key was used for another request")
    return row


def _past(at: datetime) -> datetime:
    if at.year < EARLIEST_YEAR:
        raise NotAllowed(f"created_at must not be before {EARLIEST_YEAR}")
    if at > datetime.now(UTC) + MARGIN:
        raise NotAllowed("created_at must not be in the future")
    return at


def _names(values: Mapping[str, Any]) -> tuple[Any, Any]:
    """Number and address, as they are kept."""
    phone, email = (parse(name, values[name]) if values.get(name) else None for name in ("phone", "email"))
    return phone, email


async def _holders(connection: Connection, values: Mapping[str, Any]) -> list[asyncpg.Record]:
    """Who has that number or address (id, deleted_at), living ones first; nobody else gets it until the commit."""
    phone, email = _names(values)
    if not phone and not email:
        return []
    await connection.execute(statement("hold_who_is_who"))
    return list(await connection.fetch(statement("leads_of_names"), ["phone"], [phone or ""], email))


async def _meet(connection: Connection, handle: str) -> UUID:
    """A contact under that name, as if an event had told of it; returns its lead's id."""
    now = datetime.now(UTC)
    seen = Sighting(handle, "", now, now, as_phone=handle.startswith("+"))
    grouping = await identities.regroup(connection, [seen], [])
    contacts = sorted(grouping.changed)
    await connection.execute(statement("lock_contacts"), contacts)
    await connection.execute(statement("refresh_contacts"), contacts)
    (row,) = await connection.fetch(statement("leads_of_contacts"), [grouping.contact_of[handle]])
    lead_id: UUID = row["id"]
    return lead_id


async def _set(connection: Connection, lead: LeadRecord, values: Mapping[str, Any], by: Actor) -> list[str]:
    """`lead` is locked. Returns what only became a suggestion."""
    words = dict(values)
    status, note = words.pop("status", None), words.pop("notes", None)
    claims = [Claim(name, parse(name, value), by.source, by.name) for name, value in customer.fields(words).items()]
    one = decided(lead, decide(lead.fields, lead.set_by, claims))
    suggested = sorted(customer.WORD_OF[claim.field] for claim in one.suggestions)
    if status and status != _standing(one.lead):
        one = await _move(connection, one, status, by)
    await write(connection, [one])
    if note:
        await insert_note(connection, lead.id, note, by)
    return suggested


def _standing(lead: LeadRecord) -> str:
    is_cold = lead.fields["lead_temperature"] == COLD
    return customer.standing(lead.status, was_converted=lead.was_converted, is_cold=is_cold)


async def _move(connection: Connection, one: Write, status: str, by: Actor) -> Write:
    """The write that also brings the lead to where the customer has that status. Raises NotAllowed."""
    aim = await connection.fetchrow(statement("aim_of_customer_status"), status)
    if aim is None:
        raise NotAllowed(f"status must be one of: {', '.join(customer.STATUSES)}")
    why, before = f"customer status {status}", _standing(one.lead)

    def claim(name: str, value: str) -> Claim:
        return Claim(name, value, by.source, by.name, why)

    if aim["was_converted"] and not one.lead.was_converted and aim["lead_status"] != CONVERTED:
        # The database makes the client when the lead is converted: that is a write of its own.
        await write(connection, [joined(one, moved(one.lead, claim(STATUS, CONVERTED)))])
        one = Write(replace(one.lead, status=CONVERTED, set_by={**one.lead.set_by, STATUS: by.source.value},
                            was_converted=True))  # fmt: skip
    # A former client who becomes cold stays "contacted": archived after a conversion would have the status past.
    step = CONTACTED if status == COLD and one.lead.was_converted else aim["lead_status"]
    one = joined(one, moved(one.lead, claim(STATUS, step)))
    if _standing(one.lead) != status:
        warmth = claim("lead_temperature", COLD if status == COLD else temperature(LUKEWARM))
        one = joined(one, decided(one.lead, decide(one.lead.fields, one.lead.set_by, [warmth])))
    if _standing(one.lead) != status:
        raise NotAllowed(f"a customer who is {before} can't become {status}: a person holds the temperature")
    return one


def _list(values: Sequence[str] | None) -> list[str] | None:
    return list(values) if values else None
