"""The receiver's table, line by line, on a real port and a real Redis."""

import asyncio
import hmac
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from store.inbox.inbox import StreamReader, stream_name
from store.postgres import Pool
from tests.helpers import SECRET, bounds, delivery, drained, payload, post, receiver, rows, settled
from workers.drain.interpret import DeliveryReading, interpret

BODY = json.dumps(payload("received_text")["body"]).encode()
EVENT = {"X-Webhook-Event": "whatsapp.message.received", "X-Idempotency-Key": "key-1"}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {**EVENT, "X-Webhook-Signature": hmac.digest(secret.encode(), body, "sha256").hex()}


async def queued(redis: Redis) -> int:
    return int(await redis.xlen(stream_name(0)))


async def test_a_signed_body_is_taken_exactly_as_it_came(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        status, _, answer = await post(url, BODY, signed(BODY))
    assert (status, answer) == (200, b"")
    (entry,) = await StreamReader(redis, 0).read(b"0", count=10, wait_ms=1)
    assert entry.delivery.body == BODY
    assert entry.delivery.event == "whatsapp.message.received"
    assert entry.delivery.idempotency_key == "key-1"


async def test_every_one_of_several_secrets_is_valid(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        for secret in (SECRET, "the second secret"):
            assert (await post(url, BODY, signed(BODY, secret)))[0] == 200
    assert await queued(redis) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Webhook-Signature": ""},
        {"X-Webhook-Signature": "0" * 64},
        signed(BODY + b" "),
        signed(BODY, "a secret of yesterday"),
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    ],
)
async def test_what_is_not_signed_goes_nowhere(headers: dict[str, str], redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        status, answered, answer = await post(
            url, BODY, {**EVENT, **headers} if "X-Webhook-Event" not in headers else headers
        )
    assert status == 401
    assert answered["content-type"] == "application/problem+json"
    assert json.loads(answer)["status"] == 401
    assert await queued(redis) == 0


async def test_the_meta_kind_may_be_signed_metas_way(redis: Redis, redis_url: str) -> None:
    signature = "sha256=" + hmac.digest(b"meta secret", BODY, "sha256").hex()
    async with receiver(redis_url) as url:
        assert (await post(url, BODY, {"X-Hub-Signature-256": signature}))[0] == 200
    async with receiver(redis_url, meta_app_secret=None) as url:
        assert (await post(url, BODY, {"X-Hub-Signature-256": signature}))[0] == 401
    assert await queued(redis) == 1


async def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_taken(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url, body_limit_bytes=2048) as url:
        assert (await post(url, b"x" * 2049, signed(b"x" * 2049)))[0] == 413
        assert (await post(url, b"x" * 2048, signed(b"x" * 2048)))[0] == 200
    assert await queued(redis) == 1


async def test_a_body_without_a_length_is_bounded_as_well(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url, body_limit_bytes=2048) as url:
        host, port = url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /webhooks/kapso HTTP/1.1\r\nHost: x\r\nX-Webhook-Signature: 00\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()
        assert b" 413 " in await reader.readline()
        writer.close()
    assert await queued(redis) == 0


@pytest.mark.parametrize("value", ["x" * 5000, "ünïcode", "a\tb", "  ", "'; DROP TABLE messages; --"])
async def test_unsigned_headers_may_say_anything(value: str, pool: Pool, redis: Redis, redis_url: str) -> None:
    names = ("X-Webhook-Event", "X-Idempotency-Key", "X-Webhook-Payload-Version")
    async with receiver(redis_url) as url:
        assert (await post(url, BODY, signed(BODY) | dict.fromkeys(names, value)))[0] == 200
    assert await drained(pool, redis) == 1
    (books,) = await rows(pool, "deliveries")
    # A header that says nothing leaves it to the body what it is.
    assert (books["events"], books["applied"]) == (1, 0 if value.strip() else 1)
    assert len(books["event"] or "") <= 256


async def test_no_header_makes_a_delivery_pass_for_a_poll_of_ours(pool: Pool, redis: Redis, redis_url: str) -> None:
    body = json.dumps(payload("received_text")["body"]).encode()
    async with receiver(redis_url) as url:
        assert (await post(url, body, {**signed(body), "X-Webhook-Event": "poll.messages"}))[0] == 200
    assert await drained(pool, redis) == 1
    (row,) = await rows(pool, "deliveries")
    assert (row["event"], row["source"], row["applied"]) == (None, "push", 1)


async def test_other_methods_and_paths_are_refused(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        status, headers, _ = await post(url, b"", {}, method="GET")
        assert (status, headers["allow"]) == (405, "POST")
        assert (await post(url.replace("kapso", "other"), BODY, signed(BODY)))[0] == 404
        assert (await post(url.replace("/webhooks/kapso", "/healthz"), b"", {}, method="GET"))[0] == 200
        assert (await post(url.replace("/webhooks/kapso", "/readyz"), b"", {}, method="GET"))[0] == 200


async def test_with_both_stores_down_it_answers_503_and_says_when_to_come_back(redis: Redis) -> None:
    async with receiver("redis://127.0.0.1:1/0") as url:
        status, headers, _ = await post(url, BODY, signed(BODY))
        ready, _, _ = await post(url.replace("/webhooks/kapso", "/readyz"), b"", {}, method="GET")
        alive, _, _ = await post(url.replace("/webhooks/kapso", "/healthz"), b"", {}, method="GET")
    assert (status, ready, alive) == (503, 503, 200)
    assert int(headers["retry-after"]) > 0


async def test_a_full_inbox_answers_503_until_there_is_room(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url, inbox_limit=2) as url:
        assert [(await post(url, BODY, signed(BODY)))[0] for _ in range(3)] == [200, 200, 503]
        await redis.xtrim(stream_name(0), maxlen=1, approximate=False)
        assert (await post(url, BODY, signed(BODY)))[0] == 200


async def test_many_at_once_are_all_taken_once(pool: Pool, redis: Redis, redis_url: str) -> None:
    bodies = [BODY.replace(b"TEST0001", f"TEST1{n:03d}".encode()) for n in range(200)]
    async with receiver(redis_url) as url:
        statuses = await asyncio.gather(*(post(url, body, signed(body)) for body in bodies))
    assert {status for status, _, _ in statuses} == {200}
    assert await drained(pool, redis) == 200
    assert len(await rows(pool, "messages")) == 200


@pytest.mark.parametrize(
    ("event", "body", "kind"),
    [
        ("whatsapp.message.received", b"{nope", "malformed"),
        ("whatsapp.message.received", b"[1]", "malformed"),
        ("whatsapp.message.received", b"\xff\xfe", "malformed"),
        ("whatsapp.message.received", b"{}", "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": ""}}', "malformed"),
        ("whatsapp.message.received", b'{"message": "text"}', "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": "w", "timestamp": "1"}}', "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": "w", "timestamp": "1790000000"}}', "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": "w", "from": "62", "timestamp": "soon"}}', "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": "w", "from": "62", "timestamp": "99999999999"}}', "malformed"),
        ("whatsapp.message.received", b'{"message": {"id": "w", "kapso": {"direction": "outbound"}}}', "mismatch"),
        ("whatsapp.message.read", b'{"message": {"id": "w", "kapso": {"direction": "inbound"}}}', "mismatch"),
        ("whatsapp.conversation.ended", b'{"message": {"id": "w"}}', "mismatch"),
        ("whatsapp.message.received", b'{"contact": {"id": "c"}}', "mismatch"),
        ("whatsapp.message.received", b'{"event": "project.event", "id": "1", "name": "x"}', "mismatch"),
        ("project.event", b'{"event": "workflow.execution.failed"}', "mismatch"),
        ("whatsapp.message.received", b'{"object": "whatsapp_business_account", "entry": []}', "mismatch"),
        ("whatsapp.message.sent", b'{"type": "whatsapp.message.received", "batch": true, "data": []}', "mismatch"),
        (None, b'{"message": {"id": "w"}}', "malformed"),
        (None, b'{"object": "whatsapp_business_account", "entry": 5}', "malformed"),
        ("whatsapp.contact.identity_changed", b'{"contact": {"id": "c"}}', "malformed"),
        ("project.event", b'{"id": "1"}', "malformed"),
        ("workflow.execution.failed", b'{"workflow_execution_id": ""}', "malformed"),
    ],
)  # fmt: skip
async def test_what_can_not_be_read_is_a_dead_letter_with_its_bytes(
    event: str | None, body: bytes, kind: str, pool: Pool
) -> None:
    one, good = delivery(body, event), delivery(payload("received_text")["body"], "whatsapp.message.received")
    await settled(pool, [one, good])
    (letter,) = await pool.fetch("SELECT *, dead_letter_body(d) AS bytes FROM dead_letters AS d")
    assert (letter["error_kind"], letter["bytes"], letter["delivery_id"]) == (kind, body, one.id)
    assert letter["attempts"] == 1
    assert len(await rows(pool, "messages")) == 1
    await settled(pool, [one])
    assert await pool.fetchval("SELECT attempts FROM dead_letters") == 2


async def test_an_error_names_keys_and_never_values(pool: Pool) -> None:
    body = {"message": {"id": {"secret": "Rara"}, "from": "62811", "timestamp": "1790000000"}}
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    assert await pool.fetchval("SELECT error FROM dead_letters") == "message.id: string_type"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
EVENTS = ["whatsapp.message.received", "whatsapp.message.read", "whatsapp.conversation.ended", "project.event",
          "whatsapp.contact.identity_changed", "whatsapp.account.disabled", "workflow.execution.failed"]  # fmt: skip
MEMBERS = ("message", "conversation", "contact", "kapso", "id", "timestamp", "type", "text", "statuses", "data", "batch",
           "entry", "object", "previous", "properties", "phone_numbers", "phone_number_id", "name", "errors")  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(event=st.sampled_from(EVENTS), body=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6))
def test_no_body_whatever_makes_reading_raise(event: str, body: dict[str, object]) -> None:
    reading = interpret(delivery(body, event), bounds())
    assert booked(reading) == 1 or isinstance(body.get("data"), list) or "object" in body


@settings(max_examples=300)
@given(data=st.data())
def test_a_payload_with_any_part_replaced_is_read_or_dead_but_never_raises(data: st.DataObject) -> None:
    found = payload(data.draw(st.sampled_from(["received_image", "read_played", "meta_several_numbers", "v1_received",
                                              "contact_identity_changed", "account_disabled", "batch"])))  # fmt: skip
    body, spot = found["body"], found["body"]
    while True:
        key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
        if not isinstance(spot[key], (dict, list)) or not spot[key] or data.draw(st.booleans()):
            break
        spot = spot[key]
    spot[key] = data.draw(JSON)
    one = delivery(
        body, found["headers"].get("X-Webhook-Event"), version=found["headers"].get("X-Webhook-Payload-Version")
    )
    assert booked(interpret(one, bounds())) >= 1 or body.get("data") == [] or "object" in body


def test_a_fault_of_ours_costs_one_event_and_not_the_inbox() -> None:
    deep = b'{"message": {"id": "w\\u0000", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}}"
    (failure,) = interpret(delivery(deep, "whatsapp.message.received"), bounds()).failures
    assert failure.kind in ("unexpected", "malformed")


def booked(reading: DeliveryReading) -> int:
    """Every event is applied, ignored or dead."""
    return len(reading.events) + reading.ignored + len(reading.failures)
