"""What the load is made of: signed deliveries of new messages, or a stream as Kapso really sends it."""

import hashlib
import hmac
import json
import random
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from domain.delivery import Delivery

PHONE_NUMBER_ID = "300010002000300"
SECRET = "benchmark"  # noqa: S105
RECEIVED = "whatsapp.message.received"
BATCH = 20
DUPLICATES = 0.03
# Of five events two are messages and three tell how the messages we sent fare.
CYCLE = ("sent", "delivered", "read", "received", "delivered")


class SignedPost(NamedTuple):
    """One POST: its number, which is its idempotency key too, and what it says."""

    serial: int
    event: str
    body: bytes
    batch: bool = False


def new_messages(first: int, count: int, people: int, *, half: int | None = None) -> Iterator[SignedPost]:
    """Each a new message of about 1.2 KB by somebody of so many; with a `half`, 0 or 1, by one of that half of them."""
    rng = random.Random(first)
    for serial in range(first, first + count):
        person = rng.randrange(people) if half is None else 2 * rng.randrange(people // 2) + half
        yield SignedPost(serial, RECEIVED, _json(event(serial, person)))


def everybody(first: int, people: int) -> Iterator[SignedPost]:
    """One message by each."""
    for serial in range(first, first + people):
        yield SignedPost(serial, RECEIVED, _json(event(serial, serial - first)))


def mixed(first: int, count: int, people: int) -> Iterator[SignedPost]:
    """Batches of twenty events of one kind: 60 % statuses, out of order, 3 % of the batches twice; `count` batches."""
    rng = random.Random(first)
    kept: list[SignedPost] = []
    for serial in range(first, first + count):
        if kept and rng.random() < DUPLICATES:
            yield rng.choice(kept)._replace(serial=serial)
            continue
        kind = rng.choice(CYCLE)
        events = [_of_kind(kind, serial * BATCH + place, rng, people) for place in range(BATCH)]
        rng.shuffle(events)
        name = f"whatsapp.message.{kind}"
        post = SignedPost(serial, name, _json({"type": name, "batch": True, "data": events}), batch=True)
        kept = [*kept[-50:], post]
        yield post


def wamid(number: str, serial: int) -> str:
    """As Meta makes them: the number first, then chance, so that they scatter over an index as real ones do."""
    chance = hashlib.blake2b(str(serial).encode(), digest_size=10).hexdigest().upper()
    return (
        "wamid." + b64encode(b"\x1d\x18\r" + number.encode() + b"\x15\x02\x00\x12\x18\x14" + chance.encode()).decode()
    )


def event(serial: int, person: int) -> dict[str, Any]:
    """A received v2 message, always a new one."""
    number, now = f"62811{person:08d}", int(time.time())
    conversation = str(UUID(int=(0xBE << 112) | person, version=4))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    text = (f"pesan ke {serial}: " + "kak, saya mau tanya soal paketnya, bisa dijelaskan? " * 3).rstrip()
    return {
        "message": {
            "id": wamid(number, serial), "timestamp": str(now), "type": "text", "from": number,
            "from_user_id": f"ID.{person:016d}", "username": None, "context": None, "text": {"body": text},
            "kapso": {"direction": "inbound", "status": "received", "processing_status": "pending",
                      "origin": "cloud_api", "has_media": False, "content": text},
        },
        "conversation": {
            "id": conversation, "contact_name": f"Orang {person}", "phone_number": number,
            "business_scoped_user_id": f"ID.{person:016d}", "parent_business_scoped_user_id": None, "username": None,
            "status": "active", "last_active_at": stamp, "created_at": "2026-01-01T00:00:00Z", "updated_at": stamp,
            "metadata": {}, "phone_number_id": PHONE_NUMBER_ID,
            "kapso": {"messages_count": serial, "last_message_text": text[:60], "last_inbound_at": stamp},
        },
        "is_new_conversation": False, "phone_number_id": PHONE_NUMBER_ID,
    }  # fmt: skip


def _of_kind(kind: str, serial: int, rng: random.Random, people: int) -> dict[str, Any]:
    """Return a new received message, or a status of an outbound message that an earlier event may have reported."""
    if kind == "received":
        return event(serial, rng.randrange(people))
    about = rng.randrange(max(1, serial - 20_000), serial + 1)
    person = about % people
    told = event(about, person)
    message = told["message"]
    message["to"] = message.pop("from")
    message["kapso"] |= {"direction": "outbound", "status": kind}
    return told


def delivery(post: SignedPost) -> Delivery:
    """As the receiver makes it."""
    return Delivery(uuid4(), datetime.now(UTC), post.event, str(post.serial), "v2", post.body)


def request(url: str, post: SignedPost) -> bytes:
    """Signed, and ready to be written."""
    parts = urlsplit(url)
    signature = hmac.digest(SECRET.encode(), post.body, hashlib.sha256).hex()
    batch = "X-Webhook-Batch: true\r\n" if post.batch else ""
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{batch}"
        f"X-Webhook-Event: {post.event}\r\nX-Webhook-Payload-Version: v2\r\nX-Idempotency-Key: {post.serial}\r\n"
        f"X-Webhook-Signature: {signature}\r\nContent-Length: {len(post.body)}\r\n\r\n"
    )
    return head.encode() + post.body


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
