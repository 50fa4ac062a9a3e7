"""Named for the step they reach: a delivery, queued, settled, and the rows that readers see."""

import asyncio
import http.client
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from config.settings import ReceiverSettings
from domain.delivery import Delivery
from store import postgres
from store.inbox.appender import Appender
from store.inbox.inbox import StreamReader
from store.inbox.spill import Spill
from store.inbox.watermarks import Watermarks
from store.ops.clocks import Clocks
from store.postgres import Pool
from webhooks.app import create_app
from webhooks.protocol import Limits, bounded
from workers.drain.mapping.values import Bounds, bounds_at
from workers.drain.settle import Settler, interpreted

PAYLOADS = Path(__file__).parent / "payloads"
SECRET = "the first secret"
LIMITS = Limits(header_bytes=32 * 1024, request_seconds=10, connections=1000, body_bytes=2048)
HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
"""In pg_locks: of this test's database. Others have the same tables under the same ids. Locks of rows name none."""
NOWHERE = "postgresql://127.0.0.1:1/nowhere"


def bounds() -> Bounds:
    """What a body may hold when it is read now."""
    return bounds_at(datetime.now(UTC))


RECEIVED_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def payload(name: str) -> dict[str, Any]:
    """A file of tests/payloads: headers, body, and the rows and books that must come of it."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


def delivery(
    body: Any, event: str | None = None, *, version: str | None = "v2", at: datetime = RECEIVED_AT
) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(uuid4(), at, event, str(uuid4()), version, raw)


def payload_delivery(name: str) -> Delivery:
    found = payload(name)
    headers = found["headers"]
    return delivery(found["body"], headers.get("X-Webhook-Event"), version=headers.get("X-Webhook-Payload-Version"))


async def queue(redis: Any, *deliveries: Delivery) -> None:
    """Into the stream of shard 0, as the receiver does."""
    pool = await postgres.connect(NOWHERE)
    appender = Appender(
        redis, Spill(pool, limit_bytes=0), shards=1, limit=1_000_000, limit_bytes=1 << 40, watermarks=Watermarks()
    )
    await asyncio.gather(*(appender.append(one) for one in deliveries))
    await pool.close()


async def settled(pool: Pool, deliveries: Sequence[Delivery]) -> None:
    """As one batch."""
    await Settler(pool, release="test", give_up=lambda: True).settle([interpreted(one, bounds()) for one in deliveries])


async def drained(pool: Pool, redis: Any, *, shard: int = 0) -> int:
    """All that waits in a stream, settled and trimmed; returns how many deliveries."""
    reader, count = StreamReader(redis, shard), 0
    while entries := await reader.read(b"0", count=100, wait_ms=1):
        await settled(pool, [entry.delivery for entry in entries])
        await reader.trim(entries)
        count += len(entries)
    return count


SOONEST, LATEST = 0.01, 0.1
"""Seconds between two looks."""


async def until(happened: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    """Look again and again until it has happened, less often the longer it takes: looking costs the others time."""
    pause = SOONEST
    async with asyncio.timeout(seconds):
        while not await happened():
            await asyncio.sleep(pause)
            pause = min(1.3 * pause, LATEST)


@asynccontextmanager
async def served(app: Starlette, **options: Any) -> AsyncIterator[str]:
    """On a port of its own; yields its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False, **options)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def receiver(
    redis_url: str,
    database_url: str = NOWHERE,
    *,
    clocks: Clocks | None = None,
    limits: Limits = LIMITS,
    answers: "Counter[int] | None" = None,
    **settings: Any,
) -> AsyncIterator[str]:
    """The real web application on a real port, behind the real protocol; yields its webhook URL."""
    plain: dict[str, Any] = {
        "database_url": SecretStr(database_url),
        "redis_url": SecretStr(redis_url),
        "kapso_webhook_secrets": (SecretStr(SECRET), SecretStr("the second secret")),
        "meta_app_secret": SecretStr("meta secret"),
        "default_region": "ID",
    }
    counted = Counter[int]() if answers is None else answers
    app = await create_app(ReceiverSettings(**(plain | settings)), clocks, counted)
    async with served(app, http=bounded(limits, counted), ws="none") as url:
        yield f"{url}/webhooks/kapso"


async def post(
    url: str, body: bytes, headers: dict[str, str], method: str = "POST"
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers in lower case, body) of the answer."""

    def send() -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        try:
            connection.request(method, parts.path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return await asyncio.to_thread(send)


def peak_bytes(pid: int) -> int:
    """The most memory that the process has had resident so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024


async def rows(pool: Pool, table: str) -> list[dict[str, Any]]:
    """A table as plain values that JSON knows: times as ISO text, jsonb parsed."""
    found = await pool.fetch(f"SELECT to_jsonb(t) AS row FROM {table} AS t")  # noqa: S608
    return [json.loads(row["row"]) for row in found]


async def mirrored(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    """All mirrored rows, with contacts named by their identities instead of their random ids: equal for equal sets."""
    identities = await rows(pool, "contact_identities")
    names: dict[str, list[str]] = {row["id"]: [] for row in await rows(pool, "contacts")}
    for identity in identities:
        names[identity["contact_id"]].append(f"{identity['kind']} {identity['value']}")
    known_as = {id: " ".join(sorted(values)) for id, values in names.items()}
    left_out = {"metadata_received_at", "display_phone_number_at", "name_at", "heard_at", "questions"}
    result: dict[str, list[dict[str, Any]]] = {}
    for table in ("contacts", "sightings", "contact_identities", "identity_joins", "conversations", "messages",
                  "phone_numbers", "workflow_executions", "project_events", "message_edits", "preference_sightings",
                  "marketing_preferences"):  # fmt: skip
        plain = []
        for row in await rows(pool, table):
            named = {key: value for key, value in row.items() if key not in left_out}
            if table == "contacts":
                named["id"] = known_as[row["id"]]
            if named.get("contact_id"):
                named["contact_id"] = known_as[row["contact_id"]]
            plain.append(named)
        result[table] = sorted(plain, key=lambda row: json.dumps(row, sort_keys=True))
    return result
