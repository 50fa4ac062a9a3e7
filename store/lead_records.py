"""Writes leads, their history and what is suggested: the only module that does, one lead or a thousand at a time.

Who calls holds the leads locked (`locked`, `locked_many`), decides with `rows.lead`, and writes in that transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from rows.lead import FIELDS, PROFILE_FIELDS, Change, Claim, Decision, Source, Value
from store.postgres import Connection, columns, statement


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it stands. `fields` holds all of rows.lead's FIELDS and PROFILE_FIELDS; `set_by` the source of those
    that are held."""

    id: UUID
    contact_id: UUID
    version: int
    status: str
    fields: Mapping[str, Any]
    set_by: Mapping[str, str]
    signals: Mapping[str, Any]
    status_changed_at: datetime
    read_hash: bytes | None = None
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Write:
    """What becomes of one lead: as it will stand, what changed, and what is only suggested."""

    lead: Lead
    changes: list[Change] = field(default_factory=list)
    suggestions: list[Claim] = field(default_factory=list)


def lead_of(row: asyncpg.Record) -> Lead:
    return Lead(
        id=row["id"],
        contact_id=row["contact_id"],
        version=row["version"],
        status=row["status"],
        fields={name: row[name] for name in (*FIELDS, *PROFILE_FIELDS)},
        set_by=orjson.loads(row["set_by"]),
        signals=orjson.loads(row["signals"]),
        status_changed_at=row["status_changed_at"],
        read_hash=row["read_hash"],
        deleted_at=row["deleted_at"],
    )


async def locked(connection: Connection, id: UUID) -> Lead | None:
    row = await connection.fetchrow(statement("lock_lead"), id)
    return lead_of(row) if row else None


async def locked_many(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Lead]:
    """Those of them that nobody else is changing now."""
    return {row["id"]: lead_of(row) for row in await connection.fetch(statement("lock_leads"), sorted(ids))}


def decided(lead: Lead, decision: Decision) -> Write:
    """The lead once the decision is carried out."""
    fields, set_by = dict(lead.fields), dict(lead.set_by)
    for change in decision.changes:
        fields[change.claim.field] = change.claim.value
        set_by[change.claim.field] = change.claim.source.value
    return Write(replace(lead, fields=fields, set_by=set_by), decision.changes, decision.suggestions)


def with_signals(lead: Lead, signals: Mapping[str, Any]) -> Lead:
    return replace(lead, signals=signals)


async def write(connection: Connection, writes: Sequence[Write]) -> int:
    """Returns how many suggestions were new. A write without changes leaves its lead and its version alone."""
    changed = [one for one in writes if one.changes]
    if changed:
        await connection.execute(statement("update_leads"), orjson.dumps([_row(one.lead) for one in changed]).decode())
        profiles = [one.lead for one in changed if any(change.claim.field in PROFILE_FIELDS for change in one.changes)]
        if profiles:
            await connection.execute(
                statement("update_profiles"), orjson.dumps([_row(one) for one in profiles]).decode()
            )
        rows = [_told(one.lead.id, change.claim, change.old) for one in changed for change in one.changes]
        await connection.execute(statement("insert_lead_changes"), *columns(rows, 10))
    return await _suggest(connection, writes)


async def put_away(connection: Connection, lead: Lead, claim: Claim) -> None:
    """Out of sight, or with a value of None back into it."""
    await connection.execute(statement("put_away_lead"), lead.id, claim.value is not None)
    await told(connection, lead, claim, old=lead.deleted_at and lead.deleted_at.isoformat())


async def told(connection: Connection, lead: Lead, claim: Claim, *, old: Value = None) -> None:
    """In the history only: what changed stands elsewhere."""
    await connection.execute(statement("insert_lead_changes"), *columns([_told(lead.id, claim, old)], 10))


async def _suggest(connection: Connection, writes: Sequence[Write]) -> int:
    newer = [(one.lead.id, claim.field, _json(claim.value)) for one in writes for claim in one.suggestions]
    newer += [
        (one.lead.id, change.claim.field, None)
        for one in writes
        for change in one.changes
        if change.claim.source in (Source.HUMAN, Source.AGENT)
    ]
    if newer:
        await connection.execute(statement("outdate_suggestions"), *columns(newer, 3))
    suggested = [_suggested(one.lead.id, claim) for one in writes for claim in one.suggestions]
    if not suggested:
        return 0
    return len(await connection.fetch(statement("insert_suggestions"), *columns(suggested, 9)))


def _row(lead: Lead) -> dict[str, Any]:
    return {
        "id": str(lead.id), **lead.fields, "status": lead.status, "signals": lead.signals, "set_by": lead.set_by,
    }  # fmt: skip


def _told(id: UUID, claim: Claim, old: Any) -> tuple[Any, ...]:
    return (id, claim.field, _json(old), _json(claim.value), claim.source.value, claim.actor, claim.reason,
            claim.message_id, claim.quote, claim.confidence)  # fmt: skip


def _suggested(id: UUID, claim: Claim) -> tuple[Any, ...]:
    return (id, claim.field, _json(claim.value), claim.source.value, claim.actor, claim.reason, claim.message_id,
            claim.quote, claim.confidence)  # fmt: skip


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
