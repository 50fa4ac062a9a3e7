"""Leads out of files: planned, applied row by row, undone as one. Writes `imports`; leads by their own rules."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_fields import parse
from domain.lead_import import NOTE
from store.crm import customers
from store.leads import lead_detail, leads
from store.leads.leads import Actor, NotFound, plain
from store.postgres import Pool, statement

Outcome = Literal["added", "changed", "unchanged", "refused"]
NEWEST: Final = 50


class ImportedRow(NamedTuple):
    """What becomes of a row. `fields` change; `doubles` are leads of the same name under another number."""

    outcome: Outcome
    lead: UUID | None = None
    fields: Sequence[str] = ()
    reason: str | None = None
    doubles: Sequence[UUID] = ()


class UndoneImport(NamedTuple):
    """`kept` are leads on which somebody changed something since: that stays."""

    removed: int
    restored: int
    kept: int


async def begin(pool: Pool, file_name: str, *, by: str) -> int:
    return int(await pool.fetchval(statement("begin_import"), file_name[-300:], by))


async def end(pool: Pool, id: int, counts: Mapping[Outcome, int]) -> None:
    told = (counts.get(one, 0) for one in ("added", "changed", "unchanged", "refused"))
    await pool.execute(statement("end_import"), id, *told)


async def newest(pool: Pool) -> list[asyncpg.Record]:
    return list(await pool.fetch(statement("imports"), NEWEST))


async def plan(pool: Pool, values: Mapping[str, Any]) -> ImportedRow:
    """What `apply` would do with a row, as far as can be said before."""
    try:
        found = await _known(pool, values)
        if found is None:
            return ImportedRow("added", fields=sorted(values), doubles=await _doubles(pool, values))
        changed = await _differing(pool, found, values)
        return ImportedRow("changed" if changed else "unchanged", found, changed)
    except NotAllowed as error:
        return ImportedRow("refused", reason=str(error))


async def apply(pool: Pool, id: int, values: Mapping[str, Any]) -> ImportedRow:
    """A row of import `id`. A person's edits stay: what differs from them becomes a suggestion."""
    by = Actor(Source.AGENT, f"import:{id}")
    try:
        found = await _known(pool, values)
        doubles = await _doubles(pool, values) if found is None else []
        lead = found or await _made(pool, values, by)
        changed = await _differing(pool, lead, values)
        fields = {name: values[name] for name in changed if name != NOTE}
        done = await leads.patch(pool, lead, fields, version=None, by=by) if fields else None
        if NOTE in changed:
            await leads.add_note(pool, lead, values[NOTE], by=by)
    except (NotAllowed, customers.Exists) as error:
        return ImportedRow("refused", reason=str(error))
    if found is None:
        return ImportedRow("added", lead, sorted(values), doubles=doubles)
    was = [*(done.changed if done else []), *([NOTE] if NOTE in changed else [])]
    return ImportedRow("changed" if was else "unchanged", lead, was)


async def undo(pool: Pool, id: int, *, by: Actor) -> UndoneImport | None:
    """Take back what stands: leads that it made and nobody touched go out of sight, fields get their old values.

    None if there is no such import, or it is undone already.
    """
    if await pool.fetchval(statement("undo_import"), id, by.name) is None:
        return None
    removed, restored, kept = set[UUID](), set[UUID](), set[UUID]()
    for row in await pool.fetch(statement("changes_of_import"), f"import:{id}"):
        lead = row["lead_id"]
        if row["is_new"]:
            if lead not in removed:
                await leads.delete(pool, lead, by=by, reason=f"import {id} is undone")
            removed.add(lead)
        elif not row["stands"]:
            kept.add(lead)
        else:
            was = {row["field"]: plain(row["new"])}
            try:
                await leads.patch(pool, lead, {row["field"]: plain(row["old"])}, version=None, by=by,
                                  reason=f"import {id} is undone", was=was)  # fmt: skip
                restored.add(lead)
            except NotAllowed:  # changed meanwhile
                kept.add(lead)
    return UndoneImport(len(removed), len(restored), len(kept))


async def rows(
    pool: Pool, table: Sequence[Mapping[str, Any] | str], import_id: int | None
) -> AsyncIterator[ImportedRow]:
    """Each row's outcome: planned without an import, applied with one. A text is why a row is refused."""
    for one in table:
        if isinstance(one, str):
            yield ImportedRow("refused", reason=one)
        else:
            yield await plan(pool, one) if import_id is None else await apply(pool, import_id, one)


async def _known(pool: Pool, values: Mapping[str, Any]) -> UUID | None:
    numbers = [values["phone"]] if values.get("phone") else []
    email = str(values.get("email") or "").lower() or None
    found = await pool.fetch(statement("customers_named"), numbers, email)
    if len(found) > 1:
        raise NotAllowed("its phone and its e-mail are of two different leads")
    return found[0]["id"] if found else None


async def _made(pool: Pool, values: Mapping[str, Any], by: Actor) -> UUID:
    named = {name: values[name] for name in ("phone", "email", "name") if values.get(name)}
    made = await customers.create(pool, named, by=by)
    return UUID(str(made["id"]))


async def _doubles(pool: Pool, values: Mapping[str, Any]) -> list[UUID]:
    name = values.get("name")
    return [row["id"] for row in await pool.fetch(statement("leads_called"), name)] if name else []


async def _differing(pool: Pool, lead: UUID, values: Mapping[str, Any]) -> list[str]:
    """Fields of which the row says something else than the lead; a note that it has already is none."""
    try:
        held = await leads.current(pool, lead)
    except NotFound:
        return []
    changed = [
        name for name, value in values.items()
        if name != NOTE and not _is_number_of(name, value, held) and held[name] != parse(name, value)
    ]  # fmt: skip
    if NOTE in values:
        notes = await lead_detail.notes(pool, lead)
        if values[NOTE] not in {row["text"] for row in notes}:
            changed.append(NOTE)
    return changed


def _is_number_of(name: str, value: object, held: asyncpg.Record) -> bool:
    """The number that WhatsApp knows them by is no correction of itself."""
    return name == "phone" and value in (held["phone"], held["mirrored_phone"])
