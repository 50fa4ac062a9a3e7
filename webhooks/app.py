"""The web application: the receiver, and whether this process is alive and ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from config.settings import ReceiverSettings
from store.inbox import Appender
from store.redis import connect
from webhooks.receive import Receiver


def create_app(settings: ReceiverSettings) -> Starlette:
    redis = connect(settings.redis_url.get_secret_value())
    receiver = Receiver(
        Appender(redis, shards=settings.inbox_shards, limit=settings.inbox_limit),
        secrets=[secret.get_secret_value().encode() for secret in settings.kapso_webhook_secrets],
        meta_app_secret=settings.meta_app_secret.get_secret_value().encode() if settings.meta_app_secret else None,
        body_limit=settings.body_limit_bytes,
    )

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive")

    async def readyz(_: Request) -> Response:
        try:
            await redis.ping()
        except (RedisError, OSError):
            return PlainTextResponse("no store takes deliveries", status_code=503)
        return PlainTextResponse("ready")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await redis.aclose()

    routes = [
        Route("/webhooks/kapso", receiver),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
