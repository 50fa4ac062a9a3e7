"""What the dashboard, the API and agents do with leads: read, patch, move, note, answer suggestions, look back.

Every write is audited in its own transaction. Ids of merged leads keep resolving. Times are timezone-aware UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from domain import progress
from domain.field_kinds import NotAllowed
from domain.lead import LOCKING, STATUSES, Claim, FieldChange, Source, decide
from domain.lead_fields import parse
from store.leads.lead_merge import STATUS, claim_of
from store.leads.lead_records import SNOOZE, LeadRecord, Write, decided, lead_of, locked, set_deleted, write
from store.postgres import Connection, Pool, statement

LET_GO = "let go"
DELETED = "deleted_at"

# Of two writers that wait for each other Postgres ends one, with nothing written; it comes through the second time.
again_after_a_deadlock = retry(
    retry=retry_if_exception_type(asyncpg.DeadlockDetectedError), stop=stop_after_attempt(3), reraise=True
)


class Actor(NamedTuple):
    """Who acts: what kind of author, and which one (`user:budi`, `key:orchestrator`, `sarah`)."""

    source: Source
    name: str


class NotFound(Exception):
    """There is no such lead, suggestion or note."""


class Stale(Exception):
    """The lead has changed since it was read: `current` is how it stands now."""

    def __init__(self, current: LeadRecord) -> None:
        super().__init__(f"the lead has changed since it was read; its version is {current.version} now")
        self.current = current


class ChangedMeanwhile(NotAllowed):
    """Somebody else changed what was to be changed, after the caller looked."""


class PatchedLead(NamedTuple):
    """The lead as it stands, the fields that changed, and those that a person holds: these became suggestions."""

    lead: LeadRecord
    changed: list[str]
    suggested: list[str]


async def current(pool: Pool | Connection, id: UUID) -> asyncpg.Record:
    """A row of the view leads, and nothing else. Raises NotFound."""
    row = await pool.fetchrow(statement("lead"), id)
    if row is None:
        raise NotFound(f"there is no lead {id}")
    return row


async def log_access(connection: Connection | Pool, lead_id: UUID | None, actor: str, action: str) -> None:
    await connection.execute(statement("log_access"), actor, action, lead_id)


@again_after_a_deadlock
async def patch(
    pool: Pool, id: UUID, values: Mapping[str, object], *, version: int | None, by: Actor, reason: str | None = None,
    was: Mapping[str, object] | None = None,
) -> PatchedLead:  # fmt: skip
    """Set fields; None empties one. Without a version, whatever it is; with `was`, only while those fields hold that.

    Raises NotAllowed (ChangedMeanwhile), NotFound, Stale.
    """
    claims = [Claim(name, parse(name, value), by.source, by.name, reason) for name, value in values.items()]
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, version)
        for name, value in (was or {}).items():
            if lead.fields[name] != parse(name, value):
                raise await _changed_meanwhile(connection, lead.id, name)
        return await _set(connection, lead, claims)


async def _set(connection: Connection, lead: LeadRecord, claims: Sequence[Claim]) -> PatchedLead:
    decision = decide(lead.fields, lead.set_by, claims)
    await write(connection, [decided(lead, decision)])
    return PatchedLead(
        await _now(connection, lead.id),
        [change.claim.field for change in decision.changes],
        [claim.field for claim in decision.suggestions],
    )


async def _changed_meanwhile(connection: Connection, id: UUID, field: str) -> ChangedMeanwhile:
    """Says who changed it last."""
    last = await connection.fetchrow(statement("lead_history"), id, field, None, 1)
    who = last["actor"].partition(":")[2] or last["actor"] if last else "?"
    return ChangedMeanwhile("{who} changed this meanwhile. That change stays.", who=who)


@again_after_a_deadlock
async def snooze(pool: Pool, id: UUID, until: datetime | None, *, by: Actor, questions: int | None) -> PatchedLead:
    """Until then, or until its person writes; None wakes it. With `questions` (leads.questions as the caller saw it),
    only if the person has not written since. Raises NotAllowed (ChangedMeanwhile), NotFound."""
    claim = Claim(SNOOZE, parse(SNOOZE, until), by.source, by.name)
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, None)
        if questions is not None and questions != lead.questions:
            raise ChangedMeanwhile("They wrote meanwhile. Read it first.")
        return await _set(connection, lead, [claim])


@again_after_a_deadlock
async def retag(pool: Pool, id: UUID, *, add: str | None = None, remove: str | None = None, by: Actor) -> PatchedLead:
    """Add one tag, take one off; the others stay. Raises NotAllowed, NotFound."""
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, None)
        tags = [one for one in lead.fields["tags"] or [] if one != remove]
        tags += [add] if add and add not in tags else []
        return await _set(connection, lead, [Claim("tags", parse("tags", tags or None), by.source, by.name)])


@again_after_a_deadlock
async def let_go(pool: Pool, id: UUID, fields: Sequence[str], *, version: int, by: Actor) -> LeadRecord:
    """A person gives fields back: their values stay, and may be overwritten by anybody. Raises NotAllowed and so on."""
    if by.source is not Source.HUMAN:
        raise NotAllowed("only a person can let go of a field")
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, version)
        held = [name for name in fields if name in lead.fields and lead.set_by.get(name) in LOCKING]
        claims = [Claim(name, lead.fields[name], by.source, by.name, LET_GO) for name in held]
        free = replace(lead, set_by={name: source for name, source in lead.set_by.items() if name not in held})
        await write(connection, [Write(free, [FieldChange(claim, claim.value) for claim in claims])])
        # What AI had to say of it meanwhile, it may say again.
        await connection.execute(statement("read_again"), [lead.id])
        return await _now(connection, lead.id)


@again_after_a_deadlock
async def set_status(
    pool: Pool, id: UUID, status: str, *, by: Actor, version: int | None = None, reason: str | None = None,
    was: str | None = None,
) -> PatchedLead:  # fmt: skip
    """Move a lead, in any direction. Without a version it moves from wherever it stands; with `was`, only from there.

    Raises NotAllowed (ChangedMeanwhile), NotFound, Stale.
    """
    if status not in STATUSES:
        raise NotAllowed("{name} must be one of: {allowed}", name="status", allowed=", ".join(STATUSES))
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, version)
        if was and lead.status != was:
            raise await _changed_meanwhile(connection, lead.id, STATUS)
        await write(connection, [one := moved(lead, Claim(STATUS, status, by.source, by.name, reason))])
        return PatchedLead(
            await _now(connection, lead.id), [STATUS] if one.changes else [], [STATUS] if one.suggestions else []
        )


def moved(lead: LeadRecord, claim: Claim, *, ai_applies: bool = False) -> Write:
    """Return what a claim to the status leads to, by the rules of domain.progress."""
    verdict = progress.step(lead.status, lead.set_by.get(STATUS), claim, ai_applies=ai_applies)
    if verdict.applies:
        set_by = {**lead.set_by, STATUS: claim.source.value}
        return Write(replace(lead, status=str(claim.value), set_by=set_by), [FieldChange(claim, lead.status)])
    return Write(lead, suggestions=[claim] if verdict.is_suggested else [])


@again_after_a_deadlock
async def answer(pool: Pool, suggestion: int, *, accept: bool, by: Actor, lead: UUID | None = None) -> LeadRecord:
    """A person takes a suggestion over as their own value, or has it never made again. With `lead`, only one that is
    for that lead. Raises NotFound, NotAllowed."""
    if by.source is not Source.HUMAN:
        raise NotAllowed("only a person can answer a suggestion")
    async with pool.acquire() as connection, connection.transaction():
        # The lead first, as everybody who writes does: two that wait for each other would deadlock.
        lead_id = await connection.fetchval(statement("lead_of_suggestion"), suggestion)
        held = await at_version(connection, lead or lead_id, None) if lead_id else None
        if held is None or held.id != lead_id:
            raise NotFound(f"there is no suggestion {suggestion} for this lead")
        state = "accepted" if accept else "ignored"
        row = await connection.fetchrow(statement("answer_suggestion"), suggestion, state, by.name)
        if row is None:
            raise NotFound(f"there is no open suggestion {suggestion}")
        if accept:
            claim = claim_of(row)._replace(source=by.source, actor=by.name, reason=f"accepted from {row['actor']}")
            mine = moved(held, claim) if claim.field == STATUS else decided(held, decide(held.fields, {}, [claim]))
            await write(connection, [mine])
        return await _now(connection, held.id)


@again_after_a_deadlock
async def delete(pool: Pool, id: UUID, *, by: Actor, version: int | None = None, reason: str | None = None) -> None:
    """Out of sight until it is restored; nothing is lost. Raises NotFound, Stale."""
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, version)
        gone = datetime.now(UTC).isoformat()
        await set_deleted(connection, lead, Claim(DELETED, gone, by.source, by.name, reason))


@again_after_a_deadlock
async def restore(pool: Pool, id: UUID, *, by: Actor) -> LeadRecord:
    """A deleted lead comes back, and what was said meanwhile is read. Raises NotFound."""
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, None, in_sight=False)
        await set_deleted(connection, lead, Claim(DELETED, None, by.source, by.name))
        return await _now(connection, lead.id)


async def deleted(pool: Pool, *, limit: int) -> list[asyncpg.Record]:
    """Deleted leads: id, name, phone, deleted_at; the last deleted first."""
    return list(await pool.fetch(statement("deleted_leads"), limit))


async def add_note(pool: Pool, id: UUID, text: str, *, by: Actor) -> int:
    """Returns the note's id. Raises NotFound, NotAllowed."""
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, None)
        return await insert_note(connection, lead.id, text, by)


async def insert_note(connection: Connection, id: UUID, text: str, by: Actor) -> int:
    """For who holds the lead already. Raises NotAllowed."""
    note: int = await connection.fetchval(statement("insert_note"), id, by.source.value, by.name, _note(text), None)
    return note


async def correct_note(pool: Pool, id: UUID, note: int, text: str, *, by: Actor) -> int:
    """The old text stays, behind the new one. A note that was corrected can only be corrected at its newest text.

    Raises NotFound, NotAllowed.
    """
    async with pool.acquire() as connection, connection.transaction():
        lead = await at_version(connection, id, None)
        if await connection.fetchval(statement("note_to_correct"), note) != lead.id:
            raise NotFound(f"there is no note {note} on this lead, or it was corrected already")
        newer: int = await connection.fetchval(
            statement("insert_note"), lead.id, by.source.value, by.name, _note(text), note
        )
        return newer


async def at_version(connection: Connection, id: UUID, version: int | None, *, in_sight: bool = True) -> LeadRecord:
    """The lead, locked; without a version as it stands. Raises NotFound, Stale."""
    lead = await locked(connection, id)
    if lead is None or (lead.deleted_at is None) is not in_sight:
        raise NotFound(f"there is no lead {id}" if lead is None or in_sight else f"the lead {id} is not deleted")
    if version is not None and version != lead.version:
        raise Stale(lead)
    return lead


async def _now(connection: Connection, id: UUID) -> LeadRecord:
    return lead_of(await connection.fetchrow(statement("lock_lead"), id))


def _note(text: str) -> str:
    words = text.replace("\0", "").strip()
    if not 0 < len(words) <= 10_000:
        raise NotAllowed("a note must have 1 to 10,000 characters")
    return words


def plain(value: str | None) -> Any:
    """A jsonb column of lead_changes or lead_suggestions as a Python value."""
    return None if value is None else orjson.loads(value)
