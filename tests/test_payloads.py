"""Every shape that Kapso sends, posted to the real route, drained for real, and its rows read back."""

import hmac
import json
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from store.postgres import Pool
from tests.helpers import PAYLOADS, SECRET, drained, payload, post, receiver, rows

NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def same(stored: Any, wanted: Any) -> bool:
    """Times are compared as moments."""
    if isinstance(stored, str) and isinstance(wanted, str) and stored[10:11] == wanted[10:11] == "T":
        return datetime.fromisoformat(stored) == datetime.fromisoformat(wanted)
    return bool(stored == wanted)


def matches(stored: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(same(stored[column], value) for column, value in wanted.items())


@pytest.mark.parametrize("name", NAMES)
async def test_a_payload_becomes_its_rows(name: str, pool: Pool, redis: Redis, redis_url: str) -> None:
    found = payload(name)
    body = json.dumps(found["body"], ensure_ascii=False, separators=(",", ":")).encode()
    signature = hmac.digest(SECRET.encode(), body, "sha256").hex()
    async with receiver(redis_url) as url:
        status, _, _ = await post(url, body, {**found["headers"], "X-Webhook-Signature": signature})
    assert status == 200
    assert await drained(pool, redis) == 1

    (books,) = await rows(pool, "deliveries")
    assert {key: books[key] for key in ("applied", "ignored", "dead")} == {
        "applied": 0,
        "ignored": 0,
        "dead": 0,
    } | found["books"]
    assert bytes.fromhex(books["body"].removeprefix("\\x")) == body
    for table, wanted in found["rows"].items():
        stored = await rows(pool, table)
        assert len(stored) == len(wanted), stored
        for row in wanted:
            assert any(matches(one, row) for one in stored), (row, stored)


async def test_each_payload_twice_changes_nothing(pool: Pool, redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        for name in NAMES * 2:
            found = payload(name)
            body = json.dumps(found["body"]).encode()
            signature = hmac.digest(SECRET.encode(), body, "sha256").hex()
            await post(url, body, {**found["headers"], "X-Webhook-Signature": signature})
    assert await drained(pool, redis) == 2 * len(NAMES)
    messages = await rows(pool, "messages")
    assert len(messages) == len({row["id"] for row in messages})
