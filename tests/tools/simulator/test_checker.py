"""The checker finds nothing wrong with what is right, and each kind of fault that is planted: tampered rows, broken rules."""

import itertools
import random
from datetime import timedelta
from pathlib import Path

import pytest

from domain.delivery import Delivery
from store import postgres
from store.mirror import apply, identities
from store.postgres import Pool
from tests.helpers import RECEIVED_AT, delivery, settled
from tools.simulator import ledger
from tools.simulator.chaos import KINDS, Chaos
from tools.simulator.checker.compare import ComparisonReport, compare
from tools.simulator.ledger import Ledger, LedgerLine
from tools.simulator.town import Town

CLOCK = RECEIVED_AT.timestamp() - 3600


async def told(pool: Pool, path: Path, *, events: int = 400, batch: int = 40, people: int = 12) -> None:
    """A small town's story in the ledger and, batch by batch and in any order, in the database."""
    ticks = itertools.count()
    town = Town(7, people=people, clock=lambda: CLOCK + next(ticks) / 100, chaos=frozenset(KINDS))
    chaos, book = Chaos(7, frozenset(KINDS)), Ledger(path)
    deliveries: list[Delivery] = []
    for scene in town.scenes():
        for post in chaos.deliver(scene):
            one = delivery(post.body.encode(), post.event, version=post.version)._replace(
                idempotency_key=post.key, received_at=RECEIVED_AT + timedelta(seconds=len(deliveries))
            )
            deliveries.append(one)
            line = (post.expect, post.events, CLOCK, 1.0, 200, False)
            book.write(LedgerLine(post.key, post.event, post.version, post.body, *line))
        if len(deliveries) >= events:
            break
    book.close()
    random.Random(7).shuffle(deliveries)
    for start in range(0, len(deliveries), batch):
        await settled(pool, deliveries[start : start + batch])


async def checked(database_url: str, path: Path) -> ComparisonReport:
    return await compare(database_url, path, waiting=0)


async def test_what_is_right_is_found_right(pool: Pool, database_url: str, tmp_path: Path) -> None:
    await told(pool, tmp_path / "ledger")
    report = await checked(database_url, tmp_path / "ledger")
    assert report.is_right, report.examples
    assert report.rows > 100
    assert report.dead > 0
    assert report.ignored > 0


async def test_of_a_delivery_that_was_posted_twice_the_one_in_the_window_is_lost(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    """Redis lost the first, and the repeat after the window was settled."""
    path = tmp_path / "ledger"
    await told(pool, path, events=60)
    line = next(line for line in ledger.read(path) if line.expect == "applied")
    again = Ledger(path)
    again.write(line._replace(posted_at=CLOCK + 600))
    again.close()
    assert not (await checked(database_url, path)).is_right
    window = "INSERT INTO inbox_losses (shard, since, until, deliveries, repaired_at, missing) VALUES (0, to_timestamp($1), to_timestamp($1), 1, now(), 0)"
    await pool.execute(window, CLOCK)
    report = await checked(database_url, path)
    assert (report.is_right, report.lost) == (True, line.events), report.examples


@pytest.mark.parametrize(
    ("fault", "counts"),
    [
        ("DELETE FROM messages WHERE id = (SELECT min(id) FROM messages)", "missing"),
        (
            "UPDATE messages SET text = 'other' WHERE id = (SELECT min(id) FROM messages WHERE text IS NOT NULL)",
            "wrong",
        ),
        ("UPDATE messages SET status = 'sent' WHERE status = 'read'", "wrong"),
        ("UPDATE messages SET sent_at = sent_at + interval '1 s' WHERE sent_at IS NOT NULL", "wrong"),
        ("UPDATE messages SET contact_id = NULL WHERE id = (SELECT min(id) FROM messages)", "wrong"),
        ("UPDATE conversations SET ended_at = now() WHERE ended_at IS NULL", "wrong"),
        ("UPDATE contacts SET name = 'Nobody' WHERE name IS NOT NULL", "wrong"),
        ("UPDATE contacts SET last_message_text = 'x' WHERE last_message_text IS NOT NULL", "wrong"),
        ("UPDATE contact_identities SET contact_id = (SELECT min(id::text)::uuid FROM contacts)", "wrong"),
        ("INSERT INTO messages (id, phone_number_id) SELECT 'wamid.X', min(phone_number_id) FROM messages", "extra"),
        ("DELETE FROM deliveries WHERE idempotency_key = (SELECT min(idempotency_key) FROM deliveries)", "missing"),
        ("UPDATE deliveries SET applied = 0, ignored = events WHERE applied > 0", "wrong"),
    ],
)
async def test_each_planted_fault_is_found(
    fault: str, counts: str, pool: Pool, database_url: str, tmp_path: Path
) -> None:
    await told(pool, tmp_path / "ledger", events=150)
    await pool.execute(fault)
    report = await checked(database_url, tmp_path / "ledger")
    assert getattr(report, counts) > 0, report
    assert not report.is_right


@pytest.mark.parametrize(
    ("file", "right", "broken"),
    [
        ("upsert_messages", "delivered_at = least(m.delivered_at, excluded.delivered_at)", "delivered_at = excluded.delivered_at"),
        ("upsert_messages", "(excluded.status_rank, excluded.status) > (m.status_rank, m.status)", "true"),
        ("upsert_conversations", "(excluded.state_at, excluded.status) > (c.state_at, c.status)", "true"),
        ("upsert_conversations", "greatest(c.last_active_at, excluded.last_active_at)", "excluded.last_active_at"),
        ("upsert_conversations", "(excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)\n         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)", "true"),
        ("advance_contacts", "(m.sent_at, coalesce(m.first_received_at, '-infinity'), m.id)\n            >= (c.last_message_at, coalesce(c.last_message_received_at, '-infinity'), c.last_message_id)", "true"),
        ("upsert_messages", "least(m.first_received_at, excluded.first_received_at)", "greatest(m.first_received_at, excluded.first_received_at)"),
        ("move_messages", "m.contact_id = v.from_id", "false"),
    ],
)  # fmt: skip
async def test_each_broken_merge_rule_is_found(
    file: str, right: str, broken: str, pool: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statement(name: str) -> str:
        text = postgres.statement(name)
        if name == file:
            assert right in text
            text = text.replace(right, broken)
        return text

    monkeypatch.setattr(apply, "statement", statement)
    monkeypatch.setattr(identities, "statement", statement)
    await told(pool, tmp_path / "ledger", events=1000, batch=20, people=12)
    report = await checked(database_url, tmp_path / "ledger")
    assert not report.is_right
