"""Apply one batch of events: all its rows, its deliveries and its dead letters, in one transaction.

Locks are taken in one order by everybody: who-is-who (shared, or alone when somebody must be regrouped), sightings,
contacts, conversations, messages; within each, in the order of the keys. So batches neither deadlock nor lose a race.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from rows.fold import fold
from rows.types import (
    CONVERSATION,
    MESSAGE,
    PHONE_NUMBER,
    PROJECT_EVENT,
    SIGHTING,
    WORKFLOW_EXECUTION,
    Conversation,
    Facts,
    Join,
    Merge,
    Message,
    Sighting,
)
from store import identities
from store.identities import Grouping
from store.postgres import Connection, Pool, columns, statement
from store.tombstones import NOBODY_ERASED, Tombstones
from store.watch import Undo, Watch

Group: TypeAlias = Callable[[Connection, list[Sighting], list[Join]], Awaitable[Grouping]]


class Settled(NamedTuple):
    """A delivery and its books, as `deliveries` keeps them."""

    id: UUID
    received_at: datetime
    source: str
    event: str | None
    idempotency_key: str | None
    version: str | None
    body: bytes
    applied: int
    ignored: int
    dead: int


class DeadLetter(NamedTuple):
    """An event that failed for good; `position` is its place in the delivery, whose exact bytes `body` holds."""

    delivery_id: UUID
    position: int
    received_at: datetime
    event: str | None
    idempotency_key: str | None
    version: str | None
    body: bytes
    error_kind: str
    error: str
    fingerprint: str
    code_version: str


@dataclass(slots=True)
class Batch:
    facts: Facts = field(default_factory=Facts)
    deliveries: list[Settled] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Names that stand in the deliveries beside those of the facts."""
    erased: dict[str, datetime] = field(default_factory=dict)
    """Names of erased people whose past is not in it any more: what is left of them is newer."""


async def apply(
    pool: Pool, batch: Batch, watch: Watch | None = None, *, tombstones: Tombstones = NOBODY_ERASED
) -> None:
    """Commit the batch whole or not at all. Applying it again changes nothing. Raises Erased, with nothing written.

    With a `watch`, deliveries are stored only when they changed something or have dead letters.
    """
    sightings, joins = fold(batch.facts.sightings, SIGHTING), sorted(set(batch.facts.joins))

    async def attempt(hold: str, group: Group) -> None:
        async with connection.transaction():
            await connection.execute(statement(hold))
            await tombstones.check(connection, batch.facts, batch.erased, batch.named)
            if watch:
                await watch.begin(connection)
            await write(connection, batch, await group(connection, sightings, joins))
            await _book(connection, batch, watch)

    async with pool.acquire() as connection:
        with contextlib.suppress(Undo):
            try:
                await attempt("share_who_is_who", identities.known)
            except identities.Strangers:
                await attempt("hold_who_is_who", identities.regroup)


async def _book(connection: Connection, batch: Batch, watch: Watch | None) -> None:
    await _insert(connection, "insert_dead_letters", batch.dead_letters)
    if watch is None or await watch.end(connection) or batch.dead_letters:
        await _insert(connection, "insert_deliveries", batch.deliveries)
    if watch and not watch.keep:
        raise Undo


async def write(connection: Connection, batch: Batch, grouping: Grouping) -> None:
    """The rows of a batch, in a transaction that holds who is who."""
    facts = batch.facts
    quiet = sorted(_heard_of(facts))
    heard = await connection.fetch(statement("contacts_of_conversations"), quiet) if quiet else []
    locked = grouping.contacts | {row["contact_id"] for row in heard}
    await connection.execute(statement("lock_contacts"), sorted(locked))
    await _upsert(connection, "upsert_phone_numbers", facts.phone_numbers, PHONE_NUMBER)

    conversations = [*facts.conversations, *_mentioned(facts.messages)]
    await _upsert(connection, "upsert_conversations", conversations, CONVERSATION, grouping.contact_of)
    moved_back = await _upsert(connection, "upsert_messages", facts.messages, MESSAGE, grouping.contact_of)
    moved = await identities.settle_contested(connection, grouping)
    followers = {conversation.id for conversation in conversations}.union(moved)
    adopted = await connection.fetch(statement("adopt_messages"), sorted(followers))
    changed = grouping.changed | {id for row in (*moved_back, *adopted) for id in row.values() if id}
    if changed - locked:
        # A statement that waits for a lock goes on with what it saw before: lock first, look afterwards.
        await connection.execute(statement("lock_contacts"), sorted(changed - locked))
    await connection.execute(statement("advance_contacts"), sorted({message.id for message in facts.messages}))
    if changed:
        await connection.execute(statement("refresh_contacts"), sorted(changed))
        await connection.execute(statement("hear_moved"), sorted(changed))
    await _upsert(connection, "upsert_workflow_executions", facts.workflow_executions, WORKFLOW_EXECUTION)
    await _upsert(connection, "upsert_project_events", facts.project_events, PROJECT_EVENT)
    if quiet:
        await connection.execute(statement("hear_contacts"), quiet, sorted(locked | changed))


def _heard_of(facts: Facts) -> set[UUID]:
    """Conversations of which something other than a message came in."""
    told = {conversation.id for conversation in facts.conversations}
    told |= {event.conversation_id for event in facts.project_events if event.conversation_id}
    told |= {execution.conversation_id for execution in facts.workflow_executions if execution.conversation_id}
    return told - {message.conversation_id for message in facts.messages if message.conversation_id}


def _mentioned(messages: Sequence[Message]) -> list[Conversation]:
    return [Conversation(message.conversation_id) for message in messages if message.conversation_id]


async def _upsert(
    connection: Connection,
    name: str,
    rows: Sequence[Any],
    merge: Merge,
    contact_of: dict[str, UUID] | None = None,
) -> list[Any]:
    """Fold and write; with `contact_of`, the contact of each row's name goes along as a last column."""
    if not (rows := fold(rows, merge)):
        return []
    turned = columns(rows, len(rows[0]))
    if contact_of is not None:
        turned.append([contact_of.get(row.named_as) for row in rows])
    return list(await connection.fetch(statement(name), *turned))


async def _insert(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.execute(statement(name), *columns(rows, len(rows[0])))
