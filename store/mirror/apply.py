"""Apply one batch of events: all its rows, its deliveries and its dead letters, in one transaction.

Locks are taken in one order by everybody: who-is-who (shared, or alone when somebody must be regrouped), sightings,
contacts, conversations, messages; within each, in the order of the keys. One exception: contacts that lose a message
are locked at the end. Postgres may then abort one of two batches, and the drain repeats it.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from domain.delivery import Delivery
from domain.fold import fold, in_order
from domain.types import (
    Conversation,
    Facts,
    Join,
    MirroredMessage,
    Sighting,
)
from store.mirror import identities
from store.mirror.identities import Grouping
from store.ops.watch import ChangeRecorder, Undo
from store.postgres import Connection, Pool, columns, statement
from store.privacy.tombstones import NOBODY_ERASED, Tombstones

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
    dropped: int = 0

    @classmethod
    def of(cls, delivery: Delivery, applied: int, ignored: int, dead: int, dropped: int = 0) -> "Settled":
        one, key = delivery, delivery.idempotency_key
        return cls(
            one.id, one.received_at, one.source, one.event, key, one.version, one.body, applied, ignored, dead, dropped
        )  # fmt: skip


class NewDeadLetter(NamedTuple):
    """An event that failed for good; `position` is its place in the delivery.

    `body` is None where `deliveries` keeps the delivery's bytes: one copy serves all its letters.
    """

    delivery_id: UUID
    position: int
    received_at: datetime
    event: str | None
    idempotency_key: str | None
    version: str | None
    body: bytes | None
    error_kind: str
    error: str
    fingerprint: str
    code_version: str


@dataclass(slots=True)
class Batch:
    facts: Facts = field(default_factory=Facts)
    deliveries: list[Settled] = field(default_factory=list)
    dead_letters: list[NewDeadLetter] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Names in `deliveries` that are not in `facts`; the tombstone check covers them too."""
    unread: list[bytes] = field(default_factory=list)
    """Bodies that could not be read, or that hold ignored events: they may name an erased person too."""
    erased: dict[str, datetime] = field(default_factory=dict)
    """Names of erased people, with the time of erasure, whose past is already removed from this batch."""


async def apply(
    pool: Pool, batch: Batch, watch: ChangeRecorder | None = None, *, tombstones: Tombstones = NOBODY_ERASED
) -> None:
    """Commit the batch whole or not at all. Raises Erased, with nothing written.

    Applying it again changes no row, except that its chats count as heard from anew (`heard_at`).

    With a `watch`, deliveries are stored only when they changed something or have dead letters.
    """
    sightings, joins = fold(batch.facts.sightings), sorted(set(batch.facts.joins))

    async def attempt(hold: str, group: Group) -> None:
        async with connection.transaction():
            await connection.execute(statement(hold))
            await tombstones.check(connection, batch.facts, batch.erased, batch.named, batch.unread)
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


async def _book(connection: Connection, batch: Batch, watch: ChangeRecorder | None) -> None:
    await _insert(connection, "insert_dead_letters", batch.dead_letters)
    if watch is None or await watch.end(connection) or batch.dead_letters:
        await _insert(connection, "insert_deliveries", batch.deliveries)
    if watch and not watch.keep:
        raise Undo


async def write(connection: Connection, batch: Batch, grouping: Grouping) -> None:
    """The rows of a batch, in a transaction that holds who is who."""
    facts = batch.facts
    without_message = in_order(_conversations_without_message(facts))
    heard = await connection.fetch(statement("contacts_of_conversations"), without_message) if without_message else []
    locked = grouping.contacts | {row["contact_id"] for row in heard}
    await connection.execute(statement("lock_contacts"), in_order(locked))
    await _upsert(connection, "upsert_phone_numbers", facts.phone_numbers)

    conversations = [*facts.conversations, *_mentioned(facts.messages)]
    await _upsert(connection, "upsert_conversations", conversations, grouping.contact_of)
    preferred = await _upsert(connection, "upsert_preferences", facts.preferences)
    written = await _upsert(connection, "upsert_messages", facts.messages, grouping.contact_of)
    new = {row["id"] for row in written if row["id"]}
    moved_back = {row["contact_id"] for row in written if row["contact_id"]}
    moved = await identities.assign_contested(connection, grouping)
    followers = {conversation.id for conversation in conversations}.union(moved)
    adopted = await connection.fetch(statement("adopt_messages"), in_order(followers))
    await _upsert(connection, "upsert_message_edits", facts.edits)
    changed = grouping.changed | moved_back | {id for row in (*preferred, *adopted) for id in row.values() if id}
    if changed - locked:
        # A statement that waits for a lock goes on with what it saw before: lock first, look afterwards.
        await connection.execute(statement("lock_contacts"), in_order(changed - locked))
    messages = sorted({message.id for message in facts.messages})
    await connection.execute(statement("advance_contacts"), messages, [id in new for id in messages])
    if changed:
        await connection.execute(statement("refresh_contacts"), in_order(changed))
        await connection.execute(statement("hear_moved"), in_order(changed))
    await _upsert(connection, "upsert_workflow_executions", facts.workflow_executions)
    await _upsert(connection, "upsert_project_events", facts.project_events)
    if without_message:
        await connection.execute(statement("hear_contacts"), without_message, in_order(locked | changed))


def _conversations_without_message(facts: Facts) -> set[UUID]:
    """Conversations of which something other than a message came in."""
    told = {conversation.id for conversation in facts.conversations}
    told |= {event.conversation_id for event in facts.project_events if event.conversation_id}
    told |= {execution.conversation_id for execution in facts.workflow_executions if execution.conversation_id}
    return told - {message.conversation_id for message in facts.messages if message.conversation_id}


def _mentioned(messages: Sequence[MirroredMessage]) -> list[Conversation]:
    return [Conversation(message.conversation_id) for message in messages if message.conversation_id]


async def _upsert(
    connection: Connection,
    name: str,
    rows: Sequence[Any],
    contact_of: dict[str, UUID] | None = None,
) -> list[Any]:
    """Fold and write; with `contact_of`, the contact of each row's name goes along as a last column."""
    if not (rows := fold(rows)):
        return []
    turned = columns(rows, len(rows[0]))
    if contact_of is not None:
        turned.append([contact_of.get(row.named_as) for row in rows])
    return list(await connection.fetch(statement(name), *turned))


async def _insert(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.execute(statement(name), *columns(rows, len(rows[0])))
