"""What people would write instead, on the same rows: one arq job per event, and a route that upserts by itself.

`python -m tools.benchmarks.contestants serve-arq | work-arq | work-arq-tuned | serve-direct`
"""

import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import uvicorn
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config import logs
from domain.delivery import Delivery
from store import postgres
from workers.drain.mapping.values import bounds_at
from workers.drain.settle import Settler, interpreted

MODULE = ["-m", "tools.benchmarks.contestants"]
SERVE_ARQ, SERVE_DIRECT = [*MODULE, "serve-arq"], [*MODULE, "serve-direct"]
WORK_ARQ, WORK_TUNED = [*MODULE, "work-arq"], [*MODULE, "work-arq-tuned"]
QUEUE = "one job per event"
POOL = 10
# Tuned as far as arq's settings allow; docs/benchmarks.md shows the result.
TUNED: dict[str, Any] = {"poll_delay": 0.02, "max_jobs": 50, "queue_read_limit": 500}


async def upsert(ctx: dict[str, Any], body: str, event: str, key: str, received_at: float) -> None:
    at = datetime.fromtimestamp(received_at, UTC)
    one = Delivery(uuid4(), at, event, key, "v2", body.encode())
    await ctx["settler"].settle([interpreted(one, bounds_at(at))])


async def startup(ctx: dict[str, Any]) -> None:
    ctx["settler"] = await _settler(50 if ctx["tuned"] else POOL)


async def _settler(size: int) -> Settler:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=size, by_key=True)
    return Settler(pool, release="contestant", give_up=lambda: True)


def work(*, tuned: bool) -> None:
    logs.configure("WARNING")
    settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    job = func(upsert, keep_result=0) if tuned else upsert
    given: dict[str, Any] = TUNED if tuned else {}
    Worker([job], redis_settings=settings, queue_name=QUEUE, on_startup=startup, ctx={"tuned": tuned}, **given).run()


def serve_arq() -> None:
    @asynccontextmanager
    async def connected(app: Starlette) -> AsyncIterator[None]:
        settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
        app.state.queue = await create_pool(settings, default_queue_name=QUEUE)
        yield

    async def receive(request: Request) -> Response:
        body = await request.body()
        if not _is_signed(request, body):
            return Response(status_code=401)
        event, key = request.headers["x-webhook-event"], request.headers["x-idempotency-key"]
        queue = request.app.state.queue
        await queue.enqueue_job("upsert", body.decode(), event, key, datetime.now(UTC).timestamp())
        return Response()

    _run(Starlette(routes=[Route("/webhooks/kapso", receive, methods=["POST"])], lifespan=connected))


def serve_direct() -> None:
    logs.configure("WARNING")

    @asynccontextmanager
    async def connected(app: Starlette) -> AsyncIterator[None]:
        app.state.settler = await _settler(POOL)
        yield

    async def receive(request: Request) -> Response:
        body = await request.body()
        if not _is_signed(request, body):
            return Response(status_code=401)
        event, key = request.headers["x-webhook-event"], request.headers["x-idempotency-key"]
        one = Delivery(uuid4(), datetime.now(UTC), event, key, "v2", body)
        await request.app.state.settler.settle([interpreted(one, bounds_at(one.received_at))])
        return Response()

    _run(Starlette(routes=[Route("/webhooks/kapso", receive, methods=["POST"])], lifespan=connected))


def _is_signed(request: Request, body: bytes) -> bool:
    signature = hmac.digest(os.environ["KAPSO_WEBHOOK_SECRETS"].encode(), body, "sha256").hex()
    return hmac.compare_digest(signature, request.headers["x-webhook-signature"])


def _run(app: Starlette) -> None:
    uvicorn.run(
        app, host=os.environ["HOST"], port=int(os.environ["PORT"]), access_log=False, log_level="warning",
        timeout_keep_alive=75,
    )  # fmt: skip


if __name__ == "__main__":
    match sys.argv[1]:
        case "serve-arq":
            serve_arq()
        case "serve-direct":
            serve_direct()
        case "work-arq":
            work(tuned=False)
        case "work-arq-tuned":
            work(tuned=True)
