"""Next steps: suggested by rules, models and programs, decided on by people. Nothing here carries one out.

Times are timezone-aware UTC. Ids of merged leads keep resolving.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from domain.field_kinds import NotAllowed
from domain.lead import LOCKING
from domain.next_step import OPEN, RULES, TO_DO, State, SuggestedStep, content
from store.leads.leads import Actor, NotFound
from store.postgres import Connection, Pool, columns, statement


class WrongState(NotAllowed):
    """The next step is not in a state that allows this transition, for example because it was already decided."""


async def propose(pool: Pool, lead: UUID, step: SuggestedStep, *, by: Actor) -> int | None:
    """Returns its id; None where its occasion was suggested before. Raises NotFound, NotAllowed."""
    parsed = step._replace(content=content(step.type, step.content))
    async with pool.acquire() as connection, connection.transaction():
        found = await connection.fetchrow(statement("lead"), lead)
        if found is None:
            raise NotFound(f"there is no lead {lead}")
        made = await insert(connection, [(found["id"], parsed)], by)
    return made[0] if made else None


async def insert(connection: Connection | Pool, steps: Sequence[tuple[UUID, SuggestedStep]], by: Actor) -> list[int]:
    """Ids of those that are new. Their content has been parsed."""
    rows = [
        (lead, one.type, State.DRAFT if one.draft else State.PENDING, orjson.dumps(one.content).decode(),
         one.confidence, one.reasoning, one.tokens, by.source.value, by.name, one.occasion)
        for lead, one in steps
    ]  # fmt: skip
    return [row["id"] for row in await connection.fetch(statement("insert_next_steps"), *columns(rows, 10))]


async def page(
    pool: Pool,
    *,
    status: Sequence[str] | None = None,
    type: Sequence[str] | None = None,
    lead: UUID | None = None,
    before: int | None = None,
    limit: int = 50,
    deleted: bool = False,
    undone: bool = False,
) -> list[asyncpg.Record]:
    """Rows of next_steps with the lead's name and phone, newest first; go on with the last one's id as `before`.

    With `deleted` also those of deleted leads, whose `known_lead_id` is null; with `undone` only those that nobody has
    carried out.
    """
    kinds = list(type) if type else None
    return list(
        await pool.fetch(
            statement("next_steps_page"),
            list(status) if status else None,
            kinds,
            lead,
            before,
            limit,
            deleted,
            undone,
        )
    )


async def read(pool: Pool, id: int, *, deleted: bool = False) -> asyncpg.Record:
    """With `deleted` also one of a deleted lead, whose `known_lead_id` is null. Raises NotFound."""
    row = await pool.fetchrow(statement("next_step"), id, deleted)
    if row is None:
        raise NotFound(f"there is no suggestion {id}")
    return row


async def waiting(pool: Pool, *, most: int | None = None) -> int:
    """How many wait for a decision, counted up to `most`; without it, all."""
    return int(await pool.fetchval(statement("count_next_steps"), most))


async def approve(
    pool: Pool, id: int, *, by: Actor, changed: Mapping[str, Any] | None = None, reason: str | None = None
) -> asyncpg.Record:
    """As it is, or changed. Only people, and agents on their behalf, may. Raises NotFound, NotAllowed."""
    if by.source not in LOCKING:
        raise NotAllowed("only a person, or an agent on their behalf, can approve a suggestion")
    async with pool.acquire() as connection, connection.transaction():
        step = await _locked(connection, id, OPEN)
        parsed = content(step["type"], changed) if changed is not None else None
        if parsed == orjson.loads(step["suggested_content"]):
            parsed = None
        state = State.APPROVED if parsed is None else State.MODIFIED
        return await _decide(connection, id, state, by, parsed=parsed, reason=reason)


async def reject(pool: Pool, id: int, *, by: Actor, reason: str | None = None) -> asyncpg.Record:
    """Raises NotFound, NotAllowed."""
    async with pool.acquire() as connection, connection.transaction():
        await _locked(connection, id, OPEN)
        return await _decide(connection, id, State.REJECTED, by, reason=reason)


async def fail(pool: Pool, id: int, error: str, *, by: Actor) -> asyncpg.Record:
    """Whoever was to carry an approved one out could not. Raises NotFound, NotAllowed."""
    async with pool.acquire() as connection, connection.transaction():
        await _locked(connection, id, TO_DO)
        return await _decide(connection, id, State.FAILED, by, error=error)


async def finish(pool: Pool, id: int, *, by: Actor) -> asyncpg.Record:
    """An approved one was carried out. Raises NotFound."""
    row = await pool.fetchrow(statement("finish_next_step"), id, by.name)
    if row is None:
        raise NotFound(f"there is no approved suggestion {id} to be done")
    return row


async def submit(pool: Pool, id: int) -> asyncpg.Record:
    """A draft is ready to be decided on. Raises NotFound."""
    row = await pool.fetchrow(statement("submit_next_step"), id)
    if row is None:
        raise NotFound(f"there is no draft {id}")
    return row


async def due(pool: Pool, *, limit: int) -> list[asyncpg.Record]:
    """Occasions that call for a step by rule: lead_id, contact_id, occasion, about, name, language."""
    return list(await pool.fetch(statement("due_next_steps"), limit))


async def withdraw(pool: Pool) -> None:
    """What rules suggested, and nothing calls for any more."""
    await pool.execute(statement("withdraw_next_steps"), RULES)


async def _locked(connection: Connection, id: int, states: Sequence[State]) -> asyncpg.Record:
    step = await connection.fetchrow(statement("lock_next_step"), id)
    if step is None:
        raise NotFound(f"there is no suggestion {id}")
    state = "done" if step["done_at"] else step["status"]
    if state not in states:
        raise WrongState(f"suggestion {id} is {state}; this action needs one that is {' or '.join(states)}")
    return step


async def _decide(
    connection: Connection,
    id: int,
    state: State,
    by: Actor,
    *,
    parsed: Mapping[str, Any] | None = None,
    reason: str | None = None,
    error: str | None = None,
) -> asyncpg.Record:
    changed = orjson.dumps(parsed).decode() if parsed is not None else None
    return await connection.fetchrow(statement("decide_next_step"), id, state.value, changed, by.name, reason, error)
