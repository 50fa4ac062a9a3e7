"""The days of the deliveries table."""

from datetime import UTC, datetime, timedelta

from store.mirror.deliveries import drop_days, make_days
from store.postgres import Pool
from tests.helpers import delivery, payload, rows, settled


async def test_days_are_made_ahead_and_dropped_with_their_books_kept(pool: Pool) -> None:
    today = datetime(2026, 11, 10, tzinfo=UTC)
    await make_days(pool, today.date())
    await make_days(pool, today.date())
    body = payload("received_text")["body"]
    for age in (0, 0, 1):
        one = delivery(body, "whatsapp.message.received", at=today - timedelta(days=age) + timedelta(hours=5))
        await settled(pool, [one])
    await settled(pool, [delivery(b"{", "whatsapp.message.received", at=today + timedelta(hours=1))])
    assert await pool.fetchval("SELECT count(*) FROM deliveries_20261110") == 3
    assert await pool.fetchval("SELECT count(*) FROM deliveries_default") == 0

    assert await drop_days(pool, today.date() + timedelta(days=1)) == 2
    days = {row["day"]: row for row in await rows(pool, "delivery_days")}
    assert {key: days["2026-11-10"][key] for key in ("deliveries", "events", "applied", "dead")} == {
        "deliveries": 3,
        "events": 3,
        "applied": 2,
        "dead": 1,
    }
    assert days["2026-11-09"]["applied"] == 1
    assert await pool.fetchval("SELECT count(*) FROM deliveries") == 0
    assert len(await rows(pool, "messages")) == 1


async def test_what_is_outside_the_days_that_were_made_is_kept_as_well(pool: Pool) -> None:
    await settled(pool, [delivery(payload("received_text")["body"], "whatsapp.message.received")])
    assert await pool.fetchval("SELECT count(*) FROM deliveries_default") == 1


async def test_what_landed_outside_is_moved_into_its_day_when_that_is_made(pool: Pool) -> None:
    body = payload("received_text")["body"]
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    await settled(pool, [delivery(body, "whatsapp.message.received", at=at + timedelta(days=n)) for n in (0, 0, 1, 40)])
    assert await pool.fetchval("SELECT count(*) FROM deliveries_default") == 4
    await make_days(pool, at.date())
    assert await pool.fetchval("SELECT count(*) FROM deliveries_default") == 0
    assert await pool.fetchval("SELECT count(*) FROM deliveries_20261101") == 2
    assert await pool.fetchval("SELECT count(*) FROM deliveries") == 4
    assert await drop_days(pool, at.date() + timedelta(days=2)) > 0
    assert await pool.fetchval("SELECT count(*) FROM deliveries") == 1
