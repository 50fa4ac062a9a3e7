"""Write the audited fields of leads, one or a thousand at a time, with a row in lead_changes for each change.

Other modules write reading marks, columns of merged leads, and answers to suggestions.

Who calls holds the leads locked (`locked`, `locked_many`), decides with `domain.lead`, and writes in that transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from domain.field_kinds import NotAllowed, Value
from domain.lead import LOCKING, Claim, Decision, FieldChange
from domain.lead_fields import FIELDS, PROFILE_FIELDS
from store.postgres import Connection, columns, statement

SNOOZE, OWNER = "snoozed_until", "owner"
NO_OWNER = "{name} must be the name of a user who can look after leads"


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead as it stands. `fields` holds all of domain.lead's FIELDS and PROFILE_FIELDS; `set_by` the source of those
    that are held, and of the status."""

    id: UUID
    contact_id: UUID
    version: int
    status: str
    fields: Mapping[str, Any]
    set_by: Mapping[str, str]
    signals: Mapping[str, Any]
    status_changed_at: datetime
    questions: int = 0
    """How many messages of the person were stored when the lead was read."""
    snoozed_after: int | None = None
    """`questions` when the lead was snoozed."""
    was_converted: bool = False
    """Whether it has a date of conversion: archiving keeps that, moving the lead back to an open status does not."""
    read_hash: bytes | None = None
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Write:
    """What becomes of one lead: as it will stand, what changed, and what is only suggested."""

    lead: LeadRecord
    changes: list[FieldChange] = field(default_factory=list)
    suggestions: list[Claim] = field(default_factory=list)


def lead_of(row: asyncpg.Record) -> LeadRecord:
    """A snooze after which the person wrote is over: the lead is not snoozed."""
    fields = {name: row[name] for name in (*FIELDS, *PROFILE_FIELDS)}
    if row["snoozed_after"] != row["questions"]:
        fields[SNOOZE] = None
    return LeadRecord(
        id=row["id"],
        contact_id=row["contact_id"],
        version=row["version"],
        status=row["status"],
        fields=fields,
        set_by=orjson.loads(row["set_by"]),
        signals=orjson.loads(row["signals"]),
        status_changed_at=row["status_changed_at"],
        questions=row["questions"],
        snoozed_after=row["snoozed_after"],
        was_converted=row["converted_at"] is not None,
        read_hash=row["read_hash"],
        deleted_at=row["deleted_at"],
    )


async def locked(connection: Connection, id: UUID) -> LeadRecord | None:
    row = await connection.fetchrow(statement("lock_lead"), id)
    return lead_of(row) if row else None


async def locked_many(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, LeadRecord]:
    """Those of them that nobody else is changing now."""
    return {row["id"]: lead_of(row) for row in await connection.fetch(statement("lock_leads"), sorted(ids))}


def decided(lead: LeadRecord, decision: Decision) -> Write:
    """The lead once the decision is carried out."""
    fields, set_by = dict(lead.fields), dict(lead.set_by)
    for change in decision.changes:
        fields[change.claim.field] = change.claim.value
        set_by[change.claim.field] = change.claim.source.value
    snoozes = any(change.claim.field == SNOOZE for change in decision.changes)
    after = lead.questions if snoozes else lead.snoozed_after
    return Write(
        replace(lead, fields=fields, set_by=set_by, snoozed_after=after), decision.changes, decision.suggestions
    )


def joined(first: Write, then: Write) -> Write:
    """Two writes of one lead as one; `then` was made of what the first leaves."""
    return Write(then.lead, [*first.changes, *then.changes], [*first.suggestions, *then.suggestions])


def with_signals(lead: LeadRecord, signals: Mapping[str, Any]) -> LeadRecord:
    return replace(lead, signals=signals)


async def write(connection: Connection, writes: Sequence[Write]) -> int:
    """Returns how many suggestions were new. A write without changes leaves its lead and its version alone.

    Raises NotAllowed where an owner can't look after leads.
    """
    changed = [one for one in writes if one.changes]
    if changed:
        await check_owners(connection, (change.claim for one in changed for change in one.changes))
        rows = orjson.dumps([_row(one.lead) for one in changed]).decode()
        await connection.execute(statement("update_leads"), rows)
        profiles = [one.lead for one in changed if any(change.claim.field in PROFILE_FIELDS for change in one.changes)]
        if profiles:
            await connection.execute(
                statement("update_profiles"), orjson.dumps([_row(one) for one in profiles]).decode()
            )
        told = [_told(one.lead.id, change.claim, change.old) for one in changed for change in one.changes]
        await connection.execute(statement("insert_lead_changes"), *columns(told, 10))
    return await _suggest(connection, writes)


async def check_owners(connection: Connection, claims: Iterable[Claim]) -> None:
    """Raises NotAllowed if a claim names an owner who is no user that can look after leads."""
    given = {claim.value for claim in claims if claim.field == OWNER} - {None}
    if given and await connection.fetchval(statement("no_lead_owner"), list(given)):
        raise NotAllowed(NO_OWNER, name=OWNER)


async def set_deleted(connection: Connection, lead: LeadRecord, claim: Claim) -> None:
    """Delete the lead (deleted_at), or restore it if the claim has no value, and record that in lead_changes."""
    await connection.execute(statement("put_away_lead"), lead.id, claim.value is not None)
    await record_change(connection, lead, claim, old=lead.deleted_at and lead.deleted_at.isoformat())


async def record_change(connection: Connection, lead: LeadRecord, claim: Claim, *, old: Value = None) -> None:
    """Add a row to lead_changes only; the caller writes the value itself."""
    await connection.execute(statement("insert_lead_changes"), *columns([_told(lead.id, claim, old)], 10))


async def _suggest(connection: Connection, writes: Sequence[Write]) -> int:
    newer = [(one.lead.id, claim.field, _json(claim.value)) for one in writes for claim in one.suggestions]
    newer += [
        (one.lead.id, change.claim.field, None)
        for one in writes
        for change in one.changes
        if change.claim.source in LOCKING
    ]
    if newer:
        await connection.execute(statement("outdate_suggestions"), *columns(newer, 3))
    reached = [(one.lead.id, one.lead.status) for one in writes if any(c.claim.field == "status" for c in one.changes)]
    if reached:
        await connection.execute(statement("outdate_reached"), *columns(reached, 2))
    suggested = [_suggested(one.lead.id, claim) for one in writes for claim in one.suggestions]
    if not suggested:
        return 0
    return len(await connection.fetch(statement("insert_suggestions"), *columns(suggested, 9)))


def _row(lead: LeadRecord) -> dict[str, Any]:
    return {
        "id": str(lead.id), **lead.fields, "status": lead.status, "signals": lead.signals, "set_by": lead.set_by,
        "snoozed_after": lead.snoozed_after,
    }  # fmt: skip


def _told(id: UUID, claim: Claim, old: Any) -> tuple[Any, ...]:
    return (id, claim.field, _json(old), _json(claim.value), claim.source.value, claim.actor, claim.reason,
            claim.message_id, claim.quote, claim.confidence)  # fmt: skip


def _suggested(id: UUID, claim: Claim) -> tuple[Any, ...]:
    return (id, claim.field, _json(claim.value), claim.source.value, claim.actor, claim.reason, claim.message_id,
            claim.quote, claim.confidence)  # fmt: skip


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
