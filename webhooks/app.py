"""The web application: the receiver, and whether this process is alive and ready."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from mcp.server.transport_security import TransportSecuritySettings
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from agents.access import Door, by_request
from agents.server import server
from agents.tools import Tools
from config.settings import ReceiverSettings
from dashboard.api.app import nothing
from dashboard.app import Dashboard
from store import postgres, redis
from store.appender import Appender
from store.concerns import tell_concerns
from store.postgres import STORE_ERRORS, statement
from store.spill import Spill
from store.status import Status, status
from webhooks.metrics import may_see, metrics_route
from webhooks.receive import Receiver

# Kapso waits ten seconds for an answer; one store may take this long to fail before the other is asked.
STORE_SECONDS = 3.0
LOOK_BACK = timedelta(minutes=5)
# Pages ask every other second.
GLANCE_BACK = timedelta(minutes=1)


async def create_app(settings: ReceiverSettings) -> Starlette:
    """Connects to neither store yet: it starts, and answers, whether they are there or not."""
    client = redis.connect(settings.redis_url.get_secret_value(), timeout=STORE_SECONDS)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=4, timeout=STORE_SECONDS, connect_timeout=STORE_SECONDS
    )
    # The desk's questions must never keep the receiver from its spill.
    reading = await postgres.connect(
        settings.database_url.get_secret_value(),
        size=settings.pool_max_size,
        timeout=settings.search_timeout_seconds,
        connect_timeout=STORE_SECONDS,
        keep=True,
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

    answers = receiver.answers
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None

    async def look() -> Status:
        return await status(pool, client, settings.inbox_shards, datetime.now(UTC) - LOOK_BACK)

    async def glance() -> Status:
        return await status(reading, client, settings.inbox_shards, datetime.now(UTC) - GLANCE_BACK)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive")

    async def readyz(request: Request) -> Response:
        """Either store is enough: taken out of the balance, we would make Kapso pause the webhook."""
        if may_see(request, token):
            now = await look()
            up = {"redis": now.stream is not None, "postgres": now.received is not None}
            return JSONResponse({**up, "problems": now.problems}, 200 if any(up.values()) else 503)
        stores = (_answers(client.ping()), _answers(pool.fetchval(statement("backend_pid"))))
        for answered in asyncio.as_completed(stores):
            if await answered:
                return PlainTextResponse("ready")
        return PlainTextResponse("no store takes deliveries", status_code=503)

    embedders = settings.embedders()
    dashboard = Dashboard(reading, glance, embedders, zone=settings.time_zone, media_hosts=settings.media_hosts)

    agents = server(Tools(reading, embedders, glance, by_request), by_request)
    # Keys guard it, and no page of a browser has one: any host and origin may ask.
    anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    mcp = agents.streamable_http_app(
        streamable_http_path="/mcp", stateless_http=True, json_response=True, transport_security=anywhere
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(tell_concerns(pool, client))
        warming = asyncio.create_task(postgres.warm(reading, settings.pool_min_size))
        async with agents.session_manager.run():
            yield
        telling.cancel()
        warming.cancel()
        await dashboard.close()
        await embedders.close()
        await client.aclose()
        await reading.close()
        await pool.close()

    routes = [
        Route("/webhooks/kapso", receiver),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics_route(token, answers.items, look)),
        Route("/mcp", Door(reading, mcp)),
        Mount("/", dashboard.app()),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: nothing})


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await question
    except (RedisError, *STORE_ERRORS):
        return False
    return True
