"""What people would write first: the route enqueues one arq job per event, arq's defaults, and each job upserts."""

import hmac
import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import uvicorn
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config import logs
from rows.delivery import Delivery
from store import postgres
from workers.settle import Settler, read

QUEUE = "naive"


async def upsert(ctx: dict[str, Any], body: str, event: str, key: str, received_at: float) -> None:
    """The same rows as ours, an event at a time."""
    at = datetime.fromtimestamp(received_at, UTC)
    settler = Settler(ctx["pool"], release="naive", give_up=lambda: True)
    await settler.settle(read([Delivery(uuid4(), at, event, key, "v2", body.encode())]))


async def startup(ctx: dict[str, Any]) -> None:
    ctx["pool"] = await postgres.connect(os.environ["DATABASE_URL"], size=10, by_key=True)


def work() -> None:
    logs.configure("WARNING")
    settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    Worker(functions=[upsert], redis_settings=settings, queue_name=QUEUE, on_startup=startup).run()


def serve() -> None:
    secret = os.environ["KAPSO_WEBHOOK_SECRETS"].encode()
    state: dict[str, Any] = {}

    async def receive(request: Request) -> Response:
        body = await request.body()
        signature = hmac.digest(secret, body, "sha256").hex()
        if not hmac.compare_digest(signature, request.headers["x-webhook-signature"]):
            return Response(status_code=401)
        if "pool" not in state:
            state["pool"] = await create_pool(RedisSettings.from_dsn(os.environ["REDIS_URL"]), default_queue_name=QUEUE)
        event, key = request.headers["x-webhook-event"], request.headers["x-idempotency-key"]
        await state["pool"].enqueue_job("upsert", body.decode(), event, key, datetime.now(UTC).timestamp())
        return Response()

    app = Starlette(routes=[Route("/webhooks/kapso", receive, methods=["POST"])])
    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), access_log=False, log_level="warning")
