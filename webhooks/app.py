"""The web application: the receiver, and whether this process is alive and ready."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from config.settings import ReceiverSettings
from store import postgres, redis
from store.appender import Appender
from store.postgres import STORE_ERRORS
from store.spill import Spill
from webhooks.receive import Receiver

# Kapso waits ten seconds for an answer; one store may take this long to fail before the other is asked.
STORE_SECONDS = 3.0


async def create_app(settings: ReceiverSettings) -> Starlette:
    """Connects to neither store yet: it starts, and answers, whether they are there or not."""
    client = redis.connect(settings.redis_url.get_secret_value(), timeout=STORE_SECONDS)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=4, timeout=STORE_SECONDS, connect_timeout=STORE_SECONDS
    )
    spill = Spill(pool, limit_bytes=settings.inbox_limit_bytes)
    receiver = Receiver(
        Appender(
            client,
            spill,
            shards=settings.inbox_shards,
            limit=settings.inbox_limit,
            limit_bytes=settings.inbox_limit_bytes,
        ),
        secrets=[secret.get_secret_value().encode() for secret in settings.kapso_webhook_secrets],
        meta_app_secret=settings.meta_app_secret.get_secret_value().encode() if settings.meta_app_secret else None,
        body_limit=settings.body_limit_bytes,
    )

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive")

    async def readyz(_: Request) -> Response:
        """Either store is enough: taken out of the balance, we would make Kapso pause the webhook."""
        stores = (_answers(client.ping()), _answers(pool.fetchval("SELECT 1")))
        for answered in asyncio.as_completed(stores):
            if await answered:
                return PlainTextResponse("ready")
        return PlainTextResponse("no store takes deliveries", status_code=503)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()
        await pool.close()

    routes = [
        Route("/webhooks/kapso", receiver),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await question
    except (RedisError, *STORE_ERRORS):
        return False
    return True
