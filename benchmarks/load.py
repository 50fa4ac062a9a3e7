"""An open-loop load: requests leave when they are due, whatever the answers take; latency counts from that moment."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from rows.delivery import Delivery

PHONE_NUMBER_ID = "300010002000300"


@dataclass(slots=True)
class Sent:
    """By event number: when it was due (seconds since 1970), and how long its answer took from then (ms)."""

    due_at: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    refused: int = 0


def event_body(serial: int, rng: random.Random, people: int) -> bytes:
    """A received v2 message of about 1.2 KB, always a new one, by one of many people."""
    person = rng.randrange(people)
    number, now = f"62811{person:08d}", int(time.time())
    conversation = str(UUID(int=(0xBE << 112) | person, version=4))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    text = f"pesan ke {serial}: " + "kak, saya mau tanya soal paketnya, bisa dijelaskan? " * 3
    body = {
        "message": {
            "id": f"wamid.BENCH{serial:012d}", "timestamp": str(now), "type": "text", "from": number,
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
    return json.dumps(body, separators=(",", ":")).encode()


def delivery(serial: int, body: bytes) -> Delivery:
    """As the receiver makes it; the idempotency key is the event's number."""
    return Delivery(uuid4(), datetime.now(UTC), "whatsapp.message.received", str(serial), "v2", body)


def requests(url: str, secret: str, first: int, count: int, *, people: int) -> list[bytes]:
    """Signed and ready to be written; the idempotency key is the event's number."""
    parts, rng = urlsplit(url), random.Random(first)
    made = []
    for serial in range(first, first + count):
        body = event_body(serial, rng, people)
        signature = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Webhook-Event: whatsapp.message.received\r\nX-Webhook-Payload-Version: v2\r\n"
            f"X-Idempotency-Key: {serial}\r\nX-Webhook-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


class _Connection(asyncio.Protocol):
    """One request at a time; answers are short and come whole."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_result(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed"))


async def send(url: str, made: list[bytes], rate: float, *, connections: int = 64) -> Sent:
    """All of them at that rate over kept-alive connections; those of one moment wait for a free one, and it counts."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    idle: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()
    for _ in range(connections):
        _, connection = await loop.create_connection(_Connection, parts.hostname or "", parts.port or 80)
        idle.put_nowait(connection)
    sent = Sent([0.0] * len(made), [0.0] * len(made))
    began, began_at = time.perf_counter() + 0.05, time.time() + 0.05
    tasks = set()

    async def one(place: int, connection: _Connection, due: float) -> None:
        assert connection.transport is not None
        connection.answer = loop.create_future()
        connection.transport.write(made[place])
        answer = await connection.answer
        sent.answer_ms[place] = (time.perf_counter() - due) * 1000
        sent.refused += not answer.startswith(b"HTTP/1.1 200")
        idle.put_nowait(connection)

    for place in range(len(made)):
        due = began + place / rate
        sent.due_at[place] = began_at + place / rate
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        task = asyncio.create_task(one(place, await idle.get(), due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    while not idle.empty():
        connection = idle.get_nowait()
        if connection.transport:
            connection.transport.close()
    return sent
