"""Hold the rows in Postgres against what they must be, and say which column of which row is wrong."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tools.simulator import ledger
from tools.simulator.checker import expect
from tools.simulator.checker.expect import Between, Either, NotAfter
from tools.simulator.checker.observe import observe
from tools.simulator.ledger import LedgerLine

EXAMPLES = 20
SLACK = 0.5


@dataclass
class ComparisonReport:
    """Counts of events and rows. Examples name ids and columns."""

    accepted: int = 0
    applied: int = 0
    ignored: int = 0
    dead: int = 0
    waiting: int = 0
    rows: int = 0
    missing: int = 0
    wrong: int = 0
    extra: int = 0
    refused: int = 0
    lost: int = 0
    """Events that Redis lost after they were accepted, in a window that was read again."""
    freshness_ms: dict[str, float] = field(default_factory=dict)
    acknowledgement_ms: dict[str, float] = field(default_factory=dict)
    wrong_columns: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Nothing accepted proves nothing, and is not right."""
        booked = self.applied + self.ignored + self.dead
        faults = self.missing or self.wrong or self.extra or self.waiting
        return not faults and booked == self.accepted > 0

    def fault(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{kind}: {what}")


async def compare(database_url: str, path: Path, waiting: int) -> ComparisonReport:
    """`waiting` is what the inbox still holds."""
    lines = list(ledger.read(path))
    accepted = [line for line in lines if line.accepted]
    report = ComparisonReport(waiting=waiting, refused=sum(not line.known and not line.unsure for line in lines))
    connection = await asyncpg.connect(database_url)
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        # One look at one moment, however long the comparison takes.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            lost = await _lost(connection, accepted, report)
            await _books(connection, [line for line in accepted if line not in lost], report)
            # Of what was lost the mirror must know what the API said at the end.
            lines = [line._replace(answer=0, unsure=True) if line in lost else line for line in lines]
            await _rows(connection, lines, report)
    finally:
        await connection.close()
    return report


async def _lost(
    connection: asyncpg.Connection, accepted: list[LedgerLine], report: ComparisonReport
) -> set[LedgerLine]:
    """Accepted deliveries that are not here, and that stand in a window of `inbox_losses`; each must be repaired."""
    windows = await connection.fetch("SELECT id, since, until, repaired_at FROM inbox_losses")
    for window in windows:
        if window["repaired_at"] is None:
            report.fault("missing", f"loss {window['id']} was not repaired")
    gone = Counter(line.key for line in accepted)
    gone.subtract(row["key"] for row in await connection.fetch("SELECT idempotency_key AS key FROM deliveries"))
    found: set[LedgerLine] = set()
    for line in accepted:
        taken = line.posted_at, line.posted_at + line.answered_ms / 1000
        # Of a key that was posted several times, the one in a window is the one that is gone.
        if gone[line.key] > 0 and any(_overlap(taken, window) for window in windows):
            gone[line.key] -= 1
            found.add(line)
    report.lost = sum(line.events for line in found)
    return found


def _overlap(taken: tuple[float, float], window: asyncpg.Record) -> bool:
    """`received_at` is by the receiver's clock, a moment before its answer."""
    since, until = window["since"].timestamp(), window["until"].timestamp()
    return bool(taken[0] - SLACK <= until and since <= taken[1] + SLACK)


async def _books(connection: asyncpg.Connection, accepted: list[LedgerLine], report: ComparisonReport) -> None:
    posted = {line.key: line for line in accepted}
    sent: Counter[str] = Counter(line.key for line in accepted)
    report.accepted = sum(line.events for line in accepted)
    stored: Counter[str] = Counter()
    lags: list[float] = []
    for row in await connection.fetch("SELECT idempotency_key, applied, ignored, dead, settled_at FROM deliveries"):
        line = posted.get(row["idempotency_key"])
        if line is None:
            continue
        stored[line.key] += 1
        if stored[line.key] > sent[line.key]:
            continue  # taken twice, heard of once: a repeated try whose first answer was lost
        report.applied, report.ignored = report.applied + row["applied"], report.ignored + row["ignored"]
        report.dead += row["dead"]
        lags.append((row["settled_at"].timestamp() - line.posted_at) * 1000)
        if row[line.expect] != line.events:
            report.fault("wrong", f"delivery {line.key}: {line.events} events must be {line.expect}")
    for key, count in sent.items():
        if stored[key] < count:
            report.fault("missing", f"delivery {key}")
    report.freshness_ms = percentiles(lags)
    report.acknowledgement_ms = percentiles(line.answered_ms for line in accepted)


async def _rows(connection: asyncpg.Connection, lines: list[LedgerLine], report: ComparisonReport) -> None:
    received = await connection.fetch("SELECT idempotency_key, min(received_at) FROM deliveries GROUP BY 1")
    seen = observe((line for line in lines if line.known), dict(map(tuple, received)))
    maybe = observe(line for line in lines if line.unsure)
    persons = expect.Persons(seen)
    messages, conversations = expect.messages(seen, persons), expect.conversations(seen, persons)
    order = await connection.fetch("SELECT id, first_received_at FROM messages")
    contacts = expect.contacts(seen, persons, messages, dict(map(tuple, order)))
    expect.allow_lost(contacts, persons, observe(line for line in lines if not line.known))
    ids = await _contact_ids(connection, contacts, persons, seen.namings, report)

    numbers = sorted(seen.numbers)
    rows = await connection.fetch("SELECT * FROM messages WHERE phone_number_id = ANY ($1)", numbers)
    _hold("message", messages, rows, ids, set(maybe.messages), report)
    rows = await connection.fetch("SELECT * FROM conversations WHERE phone_number_id = ANY ($1)", numbers)
    _hold("conversation", conversations, rows, ids, set(maybe.conversations), report)
    wanted = {ids[person]: row for person, row in contacts.items() if person in ids}
    rows = await connection.fetch(
        "SELECT c.* FROM contacts AS c WHERE c.id = ANY ($1) OR EXISTS"
        " (SELECT FROM messages AS m WHERE m.contact_id = c.id AND m.phone_number_id = ANY ($2))",
        sorted(wanted),
        numbers,
    )
    unsure = {naming.key for naming in maybe.namings}
    _hold("contact", wanted, rows, ids, {ids[p] for p in contacts if p in ids and p in unsure}, report)


async def _contact_ids(
    connection: asyncpg.Connection,
    contacts: dict[str, expect.Row],
    persons: expect.Persons,
    namings: Iterable[Any],
    report: ComparisonReport,
) -> dict[str, Any]:
    """The contact of each person: all its names must lead to one, and to one of its own."""
    rows = await connection.fetch("SELECT kind, value, contact_id FROM contact_identities")
    stored = {(row["kind"], row["value"]): row["contact_id"] for row in rows}
    found: dict[str, set[Any]] = {person: set() for person in contacts}
    for naming in namings:
        if naming.bsuid:
            found[persons.of(naming.bsuid, naming.at)].add(stored.get(("bsuid", naming.bsuid)))
        if naming.parent:
            found[persons.of(naming.parent, naming.at)].add(stored.get(("parent_bsuid", naming.parent)))
        for number in filter(None, (naming.wa_id, naming.phone)):
            found[persons.holder("+" + number)].add(stored.get(("phone", "+" + number)))
    ids: dict[str, Any] = {}
    for person, candidates in found.items():
        if candidates == {None} or not candidates:
            report.fault("missing", f"contact {person}")
        elif len(candidates) > 1:
            report.fault("wrong", f"contact {person}: its names lead to {len(candidates)} contacts")
            report.wrong_columns["contact.identities"] += 1
        else:
            (ids[person],) = candidates
    for id, count in Counter(ids.values()).items():
        if count > 1:
            report.fault("wrong", f"contact {id}: {count} persons in one")
            report.wrong_columns["contact.identities"] += 1
    return ids


def _hold(
    table: str,
    wanted: dict[Any, expect.Row],
    rows: list[Any],
    ids: dict[str, Any],
    unsure: set[Any],
    report: ComparisonReport,
) -> None:
    stored = {row["id"] if table != "conversation" else str(row["id"]): row for row in rows}
    report.rows += len(wanted)
    for key, row in wanted.items():
        if key in unsure:
            continue
        if key not in stored:
            report.fault("missing", f"{table} {key}")
            continue
        wrong = [column for column, value in row.items() if not _is(stored[key], column, value, ids)]
        if wrong:
            report.fault("wrong", f"{table} {key}: {', '.join(wrong)}")
            report.wrong_columns.update(f"{table}.{column}" for column in wrong)
    for key in stored.keys() - wanted.keys() - unsure:
        report.fault("extra", f"{table} {key}")


def _is(row: Any, column: str, value: Any, ids: dict[str, Any]) -> bool:
    if column == "contact":
        return bool(row["contact_id"] == ids.get(value))
    if column == "conversation_id":
        return bool((None if row[column] is None else str(row[column])) == value)
    if isinstance(value, Either):
        return row[column] in value.values
    if isinstance(value, Between):
        return row[column] is not None and value.earliest <= row[column] <= value.latest
    if isinstance(value, NotAfter):
        return row[column] is not None and row[column] <= value.latest
    if column == "metadata":  # of several snapshots of one second, the one received last
        return bool(row[column] in value or (row[column] is None and not value))
    return bool(row[column] == value)


def percentiles(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * place))], 1) for name, place in places.items()}
