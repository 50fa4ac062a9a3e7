"""Silence is an alarm within business hours, and what is old goes."""

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from config.hours import BusinessHours
from store.mirror import cursors, reconcile
from store.mirror.cursors import Gap
from store.mirror.reconcile import ComparisonCounts
from store.ops import alarms
from store.postgres import Pool
from tests.chats import chat
from tests.helpers import delivery, queue, rows, settled
from workers.jobs.upkeep import SILENCE, check_orphans, check_silence, keep_days

ALWAYS = BusinessHours.parse("Mon-Sun 00:00-23:59 UTC")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("minutes", "standing"), [(90, [SILENCE]), (5, [])])
async def test_nothing_received_for_too_long_is_an_alarm_until_something_comes(
    minutes: int, standing: list[str], pool: Pool, redis: Redis
) -> None:
    await pool.execute("UPDATE mirror SET began_at = '2020-01-01Z'")
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    await settled(pool, [delivery(b"{}", "whatsapp.something.new", at=at)])
    await check_silence(pool, redis, shards=1, hours=ALWAYS, longest=HOUR)
    assert [alarm.name for alarm in await alarms.standing(pool)] == standing
    await settled(pool, [delivery(b"{}", "whatsapp.something.new", at=datetime.now(UTC))])
    await check_silence(pool, redis, shards=1, hours=ALWAYS, longest=HOUR)
    assert await alarms.standing(pool) == []


async def test_what_waits_in_redis_was_received(pool: Pool, redis: Redis) -> None:
    await pool.execute("UPDATE mirror SET began_at = '2020-01-01Z'")
    await queue(redis, delivery(b"{}", "whatsapp.something.new"))
    await check_silence(pool, redis, shards=1, hours=ALWAYS, longest=HOUR)
    assert await alarms.standing(pool) == []


async def test_a_mirror_that_has_just_begun_is_not_too_quiet(pool: Pool, redis: Redis) -> None:
    await check_silence(pool, redis, shards=1, hours=ALWAYS, longest=HOUR)
    assert await alarms.standing(pool) == []


async def test_rows_that_belong_to_nobody_are_an_alarm(pool: Pool) -> None:
    await chat(pool, "halo")
    await check_orphans(pool)
    assert await alarms.standing(pool) == []
    await pool.execute("UPDATE messages SET conversation_id = gen_random_uuid(), sent_at = now()")
    await pool.execute("UPDATE conversations SET contact_id = gen_random_uuid(), last_active_at = now()")
    await check_orphans(pool)
    assert ["2 rows" in one.what for one in await alarms.standing(pool)] == [True]


async def test_what_was_found_long_ago_goes(pool: Pool) -> None:
    now = datetime.now(UTC)
    await reconcile.keep_run(pool, "fresh", ComparisonCounts(checked=1), began_at=now)
    await cursors.add_gaps(pool, [Gap("1", now - HOUR, now, now), Gap("2", now - HOUR, now, now)])
    await cursors.close_gaps(pool, [Gap("1", now - HOUR, now, now)])
    await pool.execute("UPDATE reconcile_runs SET ended_at = now() - interval '31 days'")
    await pool.execute("UPDATE gaps SET closed_at = now() - interval '31 days' WHERE closed_at IS NOT NULL")
    await keep_days(pool, days=30, handoff_days=365, access_days=365)
    assert await rows(pool, "reconcile_runs") == []
    assert [gap["phone_number_id"] for gap in await rows(pool, "gaps")] == ["2"]
