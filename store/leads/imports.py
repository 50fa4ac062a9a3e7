"""Import leads from a table: plan, apply row by row, undo. Writes `imports`, and leads through their services."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from domain.field_kinds import NotAllowed
from domain.lead import Claim, Source, decide
from domain.lead_fields import parse
from domain.lead_import import NOTE
from store.crm import customers
from store.leads import lead_detail, leads
from store.leads.lead_records import Write, check_owners, decided, write
from store.leads.leads import Actor, NotFound, Stale, again_after_a_deadlock, at_version, insert_note, plain
from store.postgres import Connection, Pool, statement

log = structlog.get_logger(__name__)

Outcome = Literal["added", "changed", "unchanged", "refused"]
NEWEST: Final = 50
PLANNER: Final = Actor(Source.AGENT, "import:plan")
"""Decides like the import itself, and writes nothing."""


class ImportedRow(NamedTuple):
    """The outcome of a row. `fields` are those that change; `doubles` are other leads of the same name."""

    outcome: Outcome
    lead: UUID | None = None
    fields: Sequence[str] = ()
    reason: NotAllowed | None = None
    doubles: Sequence[UUID] = ()


class UndoneImport(NamedTuple):
    """Numbers of leads. `kept` are those with later changes by others, which stay."""

    removed: int
    restored: int
    kept: int


async def begin(pool: Pool, file_name: str, *, by: str) -> int:
    """Return the id of a new import."""
    return int(await pool.fetchval(statement("begin_import"), file_name[-300:], by))


async def end(pool: Pool, id: int, counts: Mapping[Outcome, int]) -> None:
    numbers = (counts.get(one, 0) for one in ("added", "changed", "unchanged", "refused"))
    await pool.execute(statement("end_import"), id, *numbers)


async def newest(pool: Pool) -> list[asyncpg.Record]:
    """Return the rows of `imports`, the newest first, at most NEWEST."""
    return list(await pool.fetch(statement("imports"), NEWEST))


async def plan(pool: Pool, values: Mapping[str, Any]) -> ImportedRow:
    """Return what `apply` would do with a row now."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            return await _planned(connection, values)
    except NotAllowed as error:
        return ImportedRow("refused", reason=error)


async def _planned(connection: Connection, values: Mapping[str, Any]) -> ImportedRow:
    found = await _known(connection, values)
    if found is None:
        await check_owners(connection, _claims(values, PLANNER))
        return ImportedRow("added", fields=sorted(values), doubles=await _doubles(connection, values))
    planned = await _decided(connection, found, values, PLANNER)
    await check_owners(connection, (change.claim for change in planned.write.changes))
    return planned.outcome()


@again_after_a_deadlock
async def apply(pool: Pool, id: int, values: Mapping[str, Any]) -> ImportedRow:
    """Apply a row, or nothing of it. A value that a person set stays; the row's becomes a suggestion."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            return await _applied(connection, values, Actor(Source.AGENT, f"import:{id}"))
    except NotAllowed as error:
        return ImportedRow("refused", reason=error)
    except (customers.Exists, NotFound):
        return ImportedRow("refused", reason=NotAllowed("the lead changed during the import; import this row again"))


async def _applied(connection: Connection, values: Mapping[str, Any], by: Actor) -> ImportedRow:
    found = await _known(connection, values)
    doubles = [] if found else await _doubles(connection, values)
    lead = found or await customers.insert(connection, _named(values), by=by)
    row = await _decided(connection, lead, values, by)
    await write(connection, [row.write])
    if row.note is not None:
        await insert_note(connection, row.write.lead.id, row.note, by)
    return row.outcome() if found else ImportedRow("added", lead, sorted(values), doubles=doubles)


class DecidedRow(NamedTuple):
    """What a row changes on a lead that exists. `note` is None if the lead has it already."""

    write: Write
    note: str | None

    def outcome(self) -> ImportedRow:
        fields = [*(change.claim.field for change in self.write.changes), *([] if self.note is None else [NOTE])]
        return ImportedRow("changed" if fields else "unchanged", self.write.lead.id, fields)


async def _decided(connection: Connection, id: UUID, values: Mapping[str, Any], by: Actor) -> DecidedRow:
    """Lock the lead and decide. Raises NotFound."""
    lead = await at_version(connection, id, None)
    shown = await leads.current(connection, id)
    differing = {name: value for name, value in values.items() if name != NOTE and not _is_shown(name, value, shown)}
    one = decided(lead, decide(lead.fields, lead.set_by, _claims(differing, by)))
    return DecidedRow(one, await _new_note(connection, lead.id, values))


def _claims(values: Mapping[str, Any], by: Actor) -> list[Claim]:
    return [Claim(name, parse(name, value), by.source, by.name) for name, value in values.items() if name != NOTE]


async def _new_note(connection: Connection, lead: UUID, values: Mapping[str, Any]) -> str | None:
    note: str | None = values.get(NOTE)
    return None if note in {row["text"] for row in await lead_detail.notes(connection, lead)} else note


async def undo(pool: Pool, id: int, *, by: Actor) -> UndoneImport | None:
    """Delete untouched leads that the import added, and restore old values of fields without later changes.

    Notes stay. Returns None if there is no such import, or it is undone. If it is interrupted, call it again.
    """
    if not await pool.fetchval(statement("import_stands"), id):
        return None
    reason = f"import {id} is undone"
    removed, restored, kept = set[UUID](), set[UUID](), set[UUID]()
    for row in await pool.fetch(statement("changes_of_import"), f"import:{id}"):
        lead, field = row["lead_id"], row["field"]
        try:
            if row["is_new"]:
                if lead not in removed:
                    await leads.delete(pool, lead, by=by, reason=reason)
                removed.add(lead)
            elif row["stands"]:
                old, new = {field: plain(row["old"])}, {field: plain(row["new"])}
                back = await leads.patch(pool, lead, old, version=None, by=by, reason=reason, was=new)
                if row["was_free"]:
                    await leads.let_go(pool, lead, [field], version=back.lead.version, by=by)
                restored.add(lead)
            else:
                kept.add(lead)
        except NotFound:
            log.info("a lead of the import was deleted meanwhile", lead=str(lead))
        except (NotAllowed, Stale):  # changed meanwhile
            kept.add(lead)
    await pool.execute(statement("undo_import"), id, by.name)
    return UndoneImport(len(removed), len(restored), len(kept))


async def rows(
    pool: Pool, table: Sequence[Mapping[str, Any] | NotAllowed], import_id: int | None
) -> AsyncIterator[ImportedRow]:
    """Yield the outcome of each row: planned without an import, applied with one. An error refuses its row."""
    new = NewLeads()
    for one in table:
        if isinstance(one, NotAllowed):
            yield ImportedRow("refused", reason=one)
        elif import_id is not None:
            yield await apply(pool, import_id, one)
        else:
            row = await plan(pool, one)
            yield new.again(one) or row if row.outcome == "added" else row


class NewLeads:
    """Leads that earlier rows of a planned table would add, by phone and e-mail."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Any]] = {}

    def again(self, values: Mapping[str, Any]) -> ImportedRow | None:
        """Remember a row. Return its outcome if an earlier row would add the same lead."""
        given = {name: value if name == NOTE else parse(name, value) for name, value in values.items()}
        keys = [str(given[name]).lower() for name in ("phone", "email") if name in given]
        before = next((self._values[key] for key in keys if key in self._values), None)
        merged = {**(before or {}), **given}
        self._values |= dict.fromkeys(keys, merged)
        if before is None:
            return None
        changed = [name for name in merged if merged[name] != before.get(name)]
        return ImportedRow("changed" if changed else "unchanged", fields=changed)


async def _known(connection: Connection, values: Mapping[str, Any]) -> UUID | None:
    """Return the lead of that phone or e-mail. Raises NotAllowed for two leads, or one that is deleted."""
    email = str(values.get("email") or "").lower() or None
    found = await connection.fetch(statement("leads_of_names"), ["phone"], [values.get("phone") or ""], email)
    if found and found[0]["deleted_at"]:
        raise NotAllowed("a deleted lead has this phone or e-mail; restore it first")
    if len([row for row in found if not row["deleted_at"]]) > 1:
        raise NotAllowed("the phone and the e-mail belong to two different leads")
    return found[0]["id"] if found else None


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("phone", "email", "name") if values.get(name)}


async def _doubles(connection: Connection, values: Mapping[str, Any]) -> list[UUID]:
    name = values.get("name")
    return [row["id"] for row in await connection.fetch(statement("leads_called"), name)] if name else []


def _is_shown(name: str, value: object, shown: asyncpg.Record) -> bool:
    """Return whether the lead already shows this value, from its own field or from WhatsApp."""
    return parse(name, value) == shown[name] or (name == "phone" and value == shown["mirrored_phone"])
