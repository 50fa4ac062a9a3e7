"""Every shape that Kapso sends, posted to the real route, drained for real, and its rows read back."""

import hmac
import json
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from kapso.events import BY_NAME, EVENT_TYPES, EventType
from kapso.message import MessagePayload
from store.postgres import Pool
from tests.helpers import PAYLOADS, SECRET, drained, mirrored, payload, post, receiver, rows
from workers.drain.mapping.events import MAPS

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
    why = [
        letter["error"] for letter in await rows(pool, "dead_letters")
    ] or "ignored is what kapso/events.py names not"
    assert {key: books[key] for key in ("applied", "ignored", "dead")} == {
        "applied": 0,
        "ignored": 0,
        "dead": 0,
    } | found["books"], why
    assert found["rows"] or not books["applied"], "an example says which rows must come of it"
    assert bytes.fromhex(books["body"].removeprefix("\\x")) == body
    for table, wanted in found["rows"].items():
        stored = await rows(pool, table)
        assert len(stored) == len(wanted), stored
        for row in wanted:
            assert any(matches(one, row) for one in stored), (row, stored)


@pytest.mark.parametrize("kind", [one for one in EVENT_TYPES if one.model], ids=lambda one: one.name)
def test_an_event_type_has_a_mapping_a_subscription_and_an_example(kind: EventType) -> None:
    assert kind.model in MAPS, f"workers/drain/mapping/events.py maps no {kind.model}"
    assert kind.webhook, f"{kind.name}: which of our webhooks receives it?"
    examples = (payload(name)["headers"].get("X-Webhook-Event") for name in NAMES)
    assert kind.name in examples, f"tests/payloads/ has no example of {kind.name}"


def test_event_types_have_names_of_their_own() -> None:
    assert len(BY_NAME) == len(EVENT_TYPES)


def test_no_model_names_the_part_of_a_message_that_is_named_like_its_type() -> None:
    """A key that a model names leaves `model_extra`, and with it the content of all messages of that type."""
    messages = (payload(name)["body"].get("message") for name in NAMES)
    types = {message.get("type") for message in messages if isinstance(message, dict)} - {None}
    assert {"sticker", "image", "text"} <= types
    assert not types & set(MessagePayload.model_fields), "read it in the mapping, with message.other(type)"


# What no example fills: edits, groups, products and errors of numbers have tests in tests/workers/drain/test_foreign.py and
# test_order.py; the rest is filled by polls and by the release before.
NEVER_FILLED = {
    "conversations.ended_at", "messages.edited_at", "messages.edited_tie", "messages.group_id", "messages.group_member",
    "messages.referred_product", "messages.referred_product_tie", "messages.revoked_at", "messages.unedited_content",
    "messages.unedited_text", "messages.unedited_type", "phone_numbers.error", "phone_numbers.error_at",
    "phone_numbers.error_tie", "sightings.marketing_preference", "sightings.marketing_preference_at",
    "sightings.marketing_sequence", "workflow_executions.started_at", "workflow_executions.tracking_id",
}  # fmt: skip


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
    empty = {
        f"{table}.{column}"
        for table, rows in found[0].items()
        for column in (rows[0] if rows else {})
        if all(row[column] is None for row in rows)
    }
    assert empty == NEVER_FILLED, "tests/payloads/ has no example that fills these columns"
    first, second = ({table: [without_receipt(row) for row in rows] for table, rows in one.items()} for one in found)
    assert first == second


def without_receipt(row: dict[str, Any]) -> dict[str, Any]:
    """What brings no time of its own is dated by its receipt."""
    return {key: value for key, value in row.items() if key not in ("last_at", "state_at", "metadata_at")}
