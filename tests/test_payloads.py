"""Every shape that Kapso sends, posted to the real route, drained for real, and its rows read back."""

import hmac
import json
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from store.postgres import Pool
from tests.helpers import PAYLOADS, SECRET, drained, mirrored, payload, post, receiver, rows

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
    found: list[dict[str, list[dict[str, Any]]]] = []
    async with receiver(redis_url) as url:
        for _ in range(2):
            for name in NAMES:
                one = payload(name)
                body = json.dumps(one["body"]).encode()
                signature = hmac.digest(SECRET.encode(), body, "sha256").hex()
                await post(url, body, {**one["headers"], "X-Webhook-Signature": signature})
            assert await drained(pool, redis) == len(NAMES)
            found.append(await mirrored(pool))
    first, second = ({table: [without_receipt(row) for row in rows] for table, rows in one.items()} for one in found)
    assert first == second


def without_receipt(row: dict[str, Any]) -> dict[str, Any]:
    """What brings no time of its own is dated by its receipt."""
    return {key: value for key, value in row.items() if key not in ("last_at", "state_at", "metadata_at")}
