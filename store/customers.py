"""Customers: leads in the words of a CRM. Read, page, search, patch and create; written through the lead's own rules.

Ids are those of leads, and those of merged leads keep resolving. Times are timezone-aware UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from rows import customer
from rows.lead import CONVERTED, Claim, NotAllowed, decide, parse
from rows.score import LUKEWARM, temperature
from rows.search import AT_HOME, number_part
from rows.types import Sighting
from store import identities
from store.lead_list import ALIKE, plain_pattern
from store.lead_merge import STATUS
from store.lead_records import decided, write
from store.leads import Actor, NotFound, again_after_a_deadlock, at_version, insert_note, moved
from store.postgres import Connection, Pool, statement


class Exists(Exception):
    """There is somebody under that number or address: `id` is the customer, `deleted` if they were put out of sight."""

    def __init__(self, id: UUID, *, deleted: bool) -> None:
        super().__init__(f"there is a {'deleted ' if deleted else ''}customer with that phone or email already")
        self.id = id
        self.deleted = deleted


class KeyReused(Exception):
    """That Idempotency-Key stood for another request."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Customers that fit all that is given; of several values any. `city` in any case."""

    status: Sequence[str] | None = None
    services: Sequence[str] | None = None
    not_signed_for_season: int | None = None
    last_service_before: date | None = None
    city: str | None = None


class Page(NamedTuple):
    customers: list[asyncpg.Record]
    """Rows of the view customer_list."""
    total: int


class Patched(NamedTuple):
    """The customer as it stands, and the words that a person holds: what was said of those became suggestions."""

    customer: asyncpg.Record
    suggested: list[str]


class Request(NamedTuple):
    """An Idempotency-Key, and a hash of what is asked under it."""

    key: str
    asked: bytes


async def page(pool: Pool, wanted: Wanted, *, number: int, size: int) -> Page:
    """Page `number` (the first is 1), the newest customers first."""
    filters = (
        _list(wanted.status), _list(wanted.services), wanted.not_signed_for_season, wanted.last_service_before,
        wanted.city and wanted.city.lower(),
    )  # fmt: skip
    window = (size, (number - 1) * size)
    if any(filters):
        rows = await pool.fetch(statement("customers_page"), *filters, *window)
    else:
        rows = await pool.fetch(statement("customers_newest"), *window)
    return Page([row for row in rows if row["id"]], rows[0]["total"])


async def read(pool: Pool | Connection, id: UUID) -> asyncpg.Record:
    """A row of the view customer_list. Raises NotFound."""
    row = await pool.fetchrow(statement("customer"), id)
    if row is None:
        raise NotFound(f"there is no customer {id}")
    return row


async def search(pool: Pool, text: str, *, limit: int) -> list[asyncpg.Record]:
    """By name, e-mail or a number in any form; when nobody is written so, those who are written most alike."""
    number = number_part(text)
    parts = [number] if number else text.lower().replace("\0", "").split()
    if not parts:
        return []
    ids = await _named(pool, number, parts[0] if len(parts) == 1 and "@" in parts[0] else None)
    if not ids:
        patterns = sorted((f"%{plain_pattern(part)}%" for part in parts), key=len, reverse=True)
        rows = await pool.fetch(statement("customers_matching"), patterns, limit, *(patterns * 3)[:3])
        ids = [row[0] for row in rows]
    if not ids and not number:
        ids = [row[0] for row in await pool.fetch(statement("leads_spelled_like"), " ".join(parts), ALIKE)][:limit]
    return list(await pool.fetch(statement("customers_of"), ids))


async def _named(pool: Pool, number: str | None, email: str | None) -> list[UUID]:
    """Who is called exactly that, so that a whole number or address never reads more than a row."""
    if not number and not email:
        return []
    numbers = [f"+{number}", f"+{AT_HOME}{number}"] if number else []
    return [row[0] for row in await pool.fetch(statement("customers_named"), numbers, email)]


@again_after_a_deadlock
async def patch(
    pool: Pool, id: UUID, values: Mapping[str, Any], *, version: int | None, by: Actor, request: Request | None = None
) -> Patched:
    """Set what is given, None empties; `status` moves the lead, `notes` adds a note.

    With a `request`, asked again nothing is set or added twice. Raises Exists where somebody else has that number or
    address, KeyReused, NotAllowed, NotFound, Stale.
    """
    async with pool.acquire() as connection, connection.transaction():
        if request and (done := await _done_before(connection, request, by)):
            return Patched(await read(connection, done["lead_id"]), done["suggested"])
        others = await _holders(connection, values)
        lead = await at_version(connection, id, version)
        if taken := [row["id"] for row in others if row["id"] != lead.id and not row["deleted_at"]]:
            raise Exists(taken[0], deleted=False)
        suggested = await _set(connection, lead.id, values, by)
        if request:
            await connection.execute(statement("end_request"), by.name, request.key, lead.id, suggested)
        return Patched(await read(connection, lead.id), suggested)


@again_after_a_deadlock
async def create(pool: Pool, values: Mapping[str, Any], *, by: Actor, request: Request | None = None) -> asyncpg.Record:
    """A customer who never wrote by WhatsApp; when they do, they are found by their number.

    Needs a phone or an e-mail. With a `request`, asked again it returns what came of it the first time. Raises Exists,
    KeyReused, NotAllowed.
    """
    phone, email = _names(values)
    if not phone and not email:
        raise NotAllowed("a customer needs a phone or an email")
    async with pool.acquire() as connection, connection.transaction():
        if request and (done := await _done_before(connection, request, by)):
            return await read(connection, done["lead_id"])
        if found := await _holders(connection, values):
            raise Exists(found[0]["id"], deleted=found[0]["deleted_at"] is not None)
        lead_id = await _meet(connection, str(phone) if phone else f"email:{email}")
        said = {name: value for name, value in values.items() if name != "phone"}  # the contact has it
        await _set(connection, lead_id, {"source": by.name, **said}, by)
        if request:
            await connection.execute(statement("end_request"), by.name, request.key, lead_id, [])
        return await read(connection, lead_id)


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


async def _set(connection: Connection, id: UUID, values: Mapping[str, Any], by: Actor) -> list[str]:
    """Returns what only became a suggestion."""
    words = dict(values)
    status, note = words.pop("status", None), words.pop("notes", None)
    lead = await at_version(connection, id, None)
    claims = [Claim(name, parse(name, value), by.source, by.name) for name, value in customer.fields(words).items()]
    one = decided(lead, decide(lead.fields, lead.set_by, claims))
    await write(connection, [one])
    if status and status != (await read(connection, id))["status"]:
        await _move(connection, id, status, by)
    if note:
        await insert_note(connection, id, note, by)
    return sorted(customer.WORD_OF[claim.field] for claim in one.suggestions)


async def _move(connection: Connection, id: UUID, status: str, by: Actor) -> None:
    aim = await connection.fetchrow(statement("aim_of_customer_status"), status)
    if aim is None:
        raise NotAllowed(f"status must be one of: {', '.join(customer.STATUSES)}")
    why, before = f"customer status {status}", (await read(connection, id))["status"]
    for step in dict.fromkeys([*([CONVERTED] if aim["was_converted"] else []), aim["lead_status"]]):
        lead = await at_version(connection, id, None)
        await write(connection, [moved(lead, Claim(STATUS, step, by.source, by.name, why))])
    if (await read(connection, id))["status"] != status and not aim["is_cold"]:
        lead = await at_version(connection, id, None)
        warmer = [Claim("lead_temperature", temperature(LUKEWARM), by.source, by.name, why)]
        await write(connection, [decided(lead, decide(lead.fields, lead.set_by, warmer))])
    if (await read(connection, id))["status"] != status:
        raise NotAllowed(f"a customer who is {before} can't become {status}: who bought once is active, past or lead")


def _list(values: Sequence[str] | None) -> list[str] | None:
    return list(values) if values else None
