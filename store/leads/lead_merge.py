"""Contacts turned out to be one person: their leads become one, by precedence, with all of both histories."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from domain.lead import MERGED, Claim, Decision, FieldChange, HeldField, Source, merge_held_fields
from store.leads.lead_records import LeadRecord, Write, decided, lead_of, write
from store.postgres import Connection, columns, statement

STATUS = "status"


async def merge_leads(connection: Connection, retired: Sequence[tuple[UUID, UUID]]) -> None:
    """`retired` are (contact that goes, contact that stays). Their contacts are locked by the caller."""
    contacts = sorted({contact for pair in retired for contact in pair})
    rows = await connection.fetch(statement("leads_of_contacts"), contacts)
    leads = {lead.contact_id: lead for lead in map(lead_of, rows)}
    held = await _held(connection, {lead.id: lead for lead in leads.values()})
    moved: list[tuple[UUID, UUID]] = []
    carried: dict[UUID, UUID] = {}
    """Leads that stay, and the lead that goes whose status counts: of several the last that won."""
    writes: dict[UUID, Write] = {}
    for old, new in retired:
        if (gone := leads.get(old)) and (kept := leads.get(new)):
            folded = merge_held_fields(held.get(kept.id, {}), held.get(gone.id, {}))
            writes[kept.id] = merged = _merged(writes.get(kept.id), kept, gone, folded)
            leads[new] = merged.lead
            held.setdefault(kept.id, {}).update({one.claim.field: one for one in folded})
            moved.append((gone.id, kept.id))
            if any(one.claim.field == STATUS and one.at == held[gone.id][STATUS].at for one in folded):
                carried[kept.id] = gone.id
    if not moved:
        return
    await connection.execute(statement("carry_client"), *columns(moved, 2))
    await write(connection, list(writes.values()))
    await connection.execute(statement("carry_status"), list(carried.values()), list(carried))
    for name in ("move_lead_history", "move_lead_suggestions", "alias_leads"):
        await connection.execute(statement(name), *columns(moved, 2))
    await connection.execute(statement("move_lead_contacts"), *columns(moved, 2), *columns(retired, 2))
    await connection.execute(statement("delete_leads"), [old for old, _ in moved])
    # Both chats are one from now on: read it, score it, find it.
    await connection.execute(statement("forget_passages"), sorted(writes))
    await connection.execute(statement("read_again"), sorted(writes))
    await connection.execute(statement("hear_contacts_of_leads"), sorted(writes))


def _merged(so_far: Write | None, kept: LeadRecord, gone: LeadRecord, folded: Sequence[HeldField]) -> Write:
    fields = [one.claim for one in folded if one.claim.field != STATUS]
    # What nobody holds any more fills what is empty.
    fields += [
        Claim(name, value, Source.KAPSO, "merge", MERGED)
        for name, value in gone.fields.items()
        if value is not None and kept.fields[name] is None and name not in gone.set_by
    ]
    status = next((one.claim for one in folded if one.claim.field == STATUS), None)
    one = decided(kept, Decision([FieldChange(claim, kept.fields[claim.field]) for claim in fields]))
    if status:
        one.changes.append(FieldChange(status, kept.status))
        set_by = {**one.lead.set_by, STATUS: status.source.value}
        one.lead = replace(one.lead, status=str(status.value), set_by=set_by)
    one.lead = replace(one.lead, signals={**gone.signals, **kept.signals})
    one.changes = (so_far.changes if so_far else []) + one.changes
    return one


async def _held(connection: Connection, leads: Mapping[UUID, LeadRecord]) -> dict[UUID, dict[str, HeldField]]:
    found: dict[UUID, dict[str, HeldField]] = {}
    for row in await connection.fetch(statement("why"), list(leads)):
        # What a person let go of is held by nobody.
        if row["field"] in (STATUS, *leads[row["lead_id"]].set_by):
            found.setdefault(row["lead_id"], {})[row["field"]] = HeldField(claim_of(row), row["changed_at"])
    return found


def claim_of(row: Any) -> Claim:
    return Claim(
        row["field"],
        None if row["new"] is None else orjson.loads(row["new"]),
        Source(row["source"]),
        row["actor"],
        row["reason"],
        row["message_id"],
        row["quote"],
        row["confidence"],
    )
