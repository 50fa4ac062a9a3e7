"""What needs a person is said, whichever store is away; metrics and readiness tell the same."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from store import redis as redis_client
from store.inbox.inbox import count_streams, retire, stream_name
from store.ops import alarms, concerns
from store.ops.drains import report
from store.ops.status import Chats, MirrorStatus, status
from store.postgres import Pool, connect
from tests.helpers import NOWHERE, delivery, post, queue, receiver, settled
from tests.whole.test_outages import valkey  # noqa: F401  (a server of our own)
from tools.devstack.servers import Valkey

ROOT = Path(__file__).resolve().parents[3]
HOUR = timedelta(hours=1)


async def now(pool: Pool, redis: Redis) -> MirrorStatus:
    return await status(pool, redis, 1, datetime.now(UTC) - HOUR)


async def test_all_is_well(pool: Pool, redis: Redis) -> None:
    await report(pool, 0, datetime.now(UTC), 1.5)
    assert (await now(pool, redis)).problems == []


async def test_more_leads_than_were_reckoned_with_are_for_somebody_to_think_about() -> None:
    found = MirrorStatus(chats=Chats(1.0, 0, 0, 0, None, None, 0, None, 0, leads=50_001, hot=0, warm=0, known=0))
    assert (found.review, found.problems) == (["more than 50,000 leads: docs/scale.md says what to look at again"], [])


async def test_a_drain_that_is_gone_is_missed(pool: Pool, redis: Redis) -> None:
    await report(pool, 0, datetime.now(UTC), None)
    await pool.execute("UPDATE drains SET seen_at = now() - interval '40 s'")
    assert "stream 0 was last seen 40 s ago" in (await now(pool, redis)).problems[0]


async def test_what_waits_too_long_is_said(pool: Pool, redis: Redis) -> None:
    await report(pool, 0, datetime.now(UTC), None)
    await queue(redis, delivery(b"{}", at=datetime.now(UTC) - timedelta(minutes=1)))
    found = await now(pool, redis)
    assert (found.waiting, found.oldest_seconds >= 60) == (1, True)
    assert "1 deliveries wait, the oldest for 60 s" in found.problems[0]


async def test_a_stream_that_no_worker_drains_is_named(pool: Pool, redis: Redis) -> None:
    await queue(redis, delivery(b"{}", at=datetime.now(UTC) - timedelta(minutes=1)))
    assert (await now(pool, redis)).problems[0].endswith("is a worker up?")
    await report(pool, 0, datetime.now(UTC), None)
    assert (await now(pool, redis)).problems[0].endswith("for what")
    await redis.rename(stream_name(0), stream_name(2))
    assert "no worker drains stream 2. Set the same INBOX_SHARDS" in (await now(pool, redis)).problems[0]


async def test_empty_streams_of_a_larger_setting_go_and_full_ones_stay(redis: Redis) -> None:
    for shard in (1, 2):
        await redis.xadd(stream_name(shard), {"id": b"x"})
    await redis.xtrim(stream_name(1), maxlen=0)
    assert await count_streams(redis, 1) == 3
    assert await retire(redis, 1) == [1]
    assert (await redis.exists(stream_name(1)), await redis.xlen(stream_name(2)), await count_streams(redis, 1)) == (
        0,
        1,
        3,
    )
    await redis.xtrim(stream_name(2), maxlen=0)
    assert (await retire(redis, 1), await count_streams(redis, 1)) == ([2], 1)


async def test_alarms_stand_until_they_are_cleared(pool: Pool, redis: Redis) -> None:
    await report(pool, 0, datetime.now(UTC), None)
    for _ in range(2):
        await alarms.sound(pool, "api key", "make another key")
    assert (await now(pool, redis)).problems == ["make another key"]
    await alarms.clear(pool, "api key")
    assert (await now(pool, redis)).problems == []


async def test_with_postgres_away_it_tells_of_redis(redis: Redis) -> None:
    nowhere = await connect(NOWHERE)
    found = await now(nowhere, redis)
    assert (found.received, found.stream is not None) == (None, True)
    assert "postgres does not answer" in found.problems[0]
    await nowhere.close()


async def test_with_redis_away_it_tells_of_postgres(pool: Pool) -> None:
    nowhere = redis_client.connect("redis://127.0.0.1:1/0")
    found = await now(pool, nowhere)
    assert (found.received, found.stream) == (0, None)
    assert "redis does not answer" in found.problems[0]
    await nowhere.aclose()


async def test_servers_that_could_lose_are_told_of(pool: Pool, valkey: Valkey) -> None:  # noqa: F811
    client: Redis = Redis.from_url(valkey.url)
    assert await concerns.concerns(pool, client) == []
    await client.config_set("appendonly", "no")
    await client.config_set("maxmemory-policy", "allkeys-lru")
    await pool.execute("UPDATE alembic_version SET version_num = '0001'")
    schema, disk, memory = await concerns.concerns(pool, client)
    assert "at migration 0001, this code needs" in schema
    assert "append-only" in disk
    assert "evicts (allkeys-lru)" in memory
    await client.aclose()


async def test_metrics_and_details_are_for_those_with_the_token(
    pool: Pool, redis: Redis, redis_url: str, database_url: str
) -> None:
    await report(pool, 0, datetime.now(UTC), 1.5)
    await settled(pool, [delivery(b"{", "whatsapp.message.received")])
    async with receiver(redis_url, database_url, metrics_token="secret") as url:
        base = url.replace("/webhooks/kapso", "")
        for headers in ({}, {"Authorization": "Bearer no"}, {"Authorization": "secret"}):
            assert (await post(base + "/metrics", b"", headers, "GET"))[0] == 401
        assert (await post(base + "/readyz", b"", {}, "GET"))[2] == b"ready"
        allowed = {"Authorization": "Bearer secret"}
        code, _, text = await post(base + "/metrics", b"", allowed, "GET")
        _, _, details = await post(base + "/readyz", b"", allowed, "GET")
    assert code == 200
    assert b'mirror_dead_letters_open{kind="malformed"} 1.0' in text
    assert json.loads(details)["problems"] == ["1 dead letters are open: mirror dead-letters groups"]
    async with receiver(redis_url, database_url) as url:
        assert (await post(url.replace("webhooks/kapso", "metrics"), b"", {"Authorization": "Bearer None"}, "GET"))[
            0
        ] == 401


async def test_readiness_holds_as_long_as_one_store_does(pool: Pool, redis_url: str, database_url: str) -> None:
    for redis, database, ready in (
        (redis_url, NOWHERE, 200), ("redis://127.0.0.1:1/0", database_url, 200), ("redis://127.0.0.1:1/0", NOWHERE, 503),
    ):  # fmt: skip
        async with receiver(redis, database) as url:
            assert (await post(url.replace("webhooks/kapso", "readyz"), b"", {}, "GET"))[0] == ready


@pytest.mark.parametrize("name", ["alerts.yaml", "grafana.json"])
def test_every_metric_that_operators_look_at_exists(name: str) -> None:
    code = (ROOT / "webhooks" / "metrics.py").read_text()
    made = (
        set(re.findall(r'"(mirror_[a-z_]+)"', code))
        | {f"mirror_reconcile_{one}" for one in ("missing", "repaired", "late")}
        | {"mirror_http_answers_total"}
    )
    asked = set(re.findall(r"\bmirror_[a-z_]+\b", (ROOT / "docs" / "operations" / name).read_text()))
    assert asked
    assert asked <= made, asked - made
