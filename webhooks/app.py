"""The web process, put together: the receiver, its health, and the faces for people, programs and agents."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from config.settings import ReceiverSettings
from store import postgres, redis
from store.access.access_log import AccessLog
from store.crm.handoffs import crm_client
from store.inbox.appender import Appender
from store.inbox.spill import Spill
from store.inbox.watermarks import Watermarks
from store.media.archive import NoArchive, archive_at
from store.media.source import MediaSource
from store.ops.alive import keep_touching
from store.ops.clocks import Clocks, watch
from store.ops.concerns import log_concerns
from store.ops.status import MirrorStatus, status
from store.postgres import STORE_ERRORS, Pool
from store.tasks import cancel_and_wait
from web.api.app import nothing
from web.app import Dashboard
from web.desk.media import MediaPages
from web.desk.reply_links import ReplyLinks
from web.identity_provider import provider_of
from web.mcp.access import Door, by_request
from web.mcp.server import server
from web.mcp.tools import Tools
from webhooks.health import Readiness
from webhooks.metrics import metrics_route
from webhooks.receive import Receiver

# Kapso waits ten seconds for an answer; one store may take this long to fail before the other is asked.
STORE_SECONDS = 3.0
REPORT_SECONDS = 1.0
# Pages ask every other second.
GLANCE_BACK = timedelta(minutes=1)
# API keys protect the agents' tools, and no browser page holds one, so every Host and Origin is allowed.
ANYWHERE = TransportSecuritySettings(enable_dns_rebinding_protection=False)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """The connections of the web process. `reading` is a separate pool for the pages, the API and MCP, so that their
    queries never delay the receiver's writes to the spill.
    """

    client: Redis
    pool: Pool
    reading: Pool

    @classmethod
    async def open(cls, settings: ReceiverSettings) -> Self:
        """Connects to neither store yet."""
        url = settings.database_url.get_secret_value()
        return cls(
            redis.connect(settings.redis_url.get_secret_value(), timeout=STORE_SECONDS),
            await postgres.connect(url, size=4, timeout=STORE_SECONDS, connect_timeout=STORE_SECONDS),
            await postgres.connect(
                url,
                size=settings.pool_max_size,
                timeout=settings.search_timeout_seconds,
                connect_timeout=STORE_SECONDS,
                keep=True,
            ),
        )

    async def close(self) -> None:
        await self.client.aclose()
        await self.reading.close()
        await self.pool.close()


class Faces:
    """The desk, the JSON API and the agents' tools, on one set of connections."""

    def __init__(self, settings: ReceiverSettings, stores: Stores) -> None:
        self._stores = stores
        self._shards = settings.inbox_shards
        self._embedders, self.access_log = settings.embedders(), AccessLog(stores.reading)
        self._dashboard = Dashboard(
            stores.reading, self._glance, self._embedders, self.access_log,
            zone=settings.time_zone, phones=settings.phones, media=_media(settings, stores.reading),
            crm=crm_client(settings.crm_client, stores.reading, settings.phones),
            reach=ReplyLinks(settings.kapso_inbox_url, settings.reply_in), provider=provider_of(
                settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name
            ),
            hooks_key=settings.hooks_key.get_secret_value().encode() if settings.hooks_key else None,
        )  # fmt: skip
        tools = Tools(stores.reading, self._embedders, settings.phones, self._glance, by_request, self.access_log)
        self.agents: MCPServer = server(tools, by_request, release=settings.release)

    def routes(self) -> list[Route | Mount]:
        mcp = self.agents.streamable_http_app(
            streamable_http_path="/{any:path}", stateless_http=True, json_response=True, transport_security=ANYWHERE
        )
        agents = Door(self._stores.reading, mcp)
        return [Route("/mcp", agents), Route("/mcp/", agents), Mount("/", self._dashboard.app())]

    async def close(self) -> None:
        await self.access_log.close()
        await self._dashboard.close()
        await self._embedders.close()

    async def _glance(self) -> MirrorStatus:
        return await status(self._stores.reading, self._stores.client, self._shards, datetime.now(UTC) - GLANCE_BACK)


def _media(settings: ReceiverSettings, pool: Pool) -> MediaPages:
    """If the archive cannot be opened, serve files from Kapso alone: the receiver must not depend on it."""
    try:
        archive = archive_at(settings.media_archive) if settings.media_archive else None
    except NoArchive as error:
        log.error("files are served from Kapso alone", why=str(error))
        archive = None
    return MediaPages(pool, MediaSource(settings.media_hosts), archive)


async def create_app(
    settings: ReceiverSettings, clocks: Clocks | None = None, answers: "Counter[int] | None" = None
) -> Starlette:
    """The application. It starts and answers whether the stores are there or not.

    `answers` counts what the receiver, and the protocol before it, answered, by status code.
    """
    clocks, answers = clocks or Clocks(), Counter() if answers is None else answers
    stores, watermarks = await Stores.open(settings), Watermarks()
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    health = Readiness(stores.pool, stores.client, shards=settings.inbox_shards, token=token)
    receiver = _receiver(settings, stores, watermarks, clocks, answers)
    faces = Faces(settings, stores)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, asyncio.Event]]:
        async with _running(settings, stores, watermarks, clocks, faces):
            yield {"ending": asyncio.Event()}

    routes = [
        Route("/webhooks/kapso", receiver),
        Route("/webhooks/kapso/", receiver),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", metrics_route(token, answers.items, health.look)),
        *faces.routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: nothing})


def _receiver(
    settings: ReceiverSettings, stores: Stores, watermarks: Watermarks, clocks: Clocks, answers: "Counter[int]"
) -> Receiver:
    appender = Appender(
        stores.client,
        Spill(stores.pool, limit_bytes=settings.inbox_limit_bytes),
        shards=settings.inbox_shards,
        limit=settings.inbox_limit,
        limit_bytes=settings.inbox_limit_bytes,
        watermarks=watermarks,
    )
    return Receiver(
        appender,
        secrets=[secret.get_secret_value().encode() for secret in settings.kapso_webhook_secrets],
        meta_app_secret=settings.meta_app_secret.get_secret_value().encode() if settings.meta_app_secret else None,
        body_limit=settings.body_limit_bytes,
        now=clocks.now,
        answers=answers,
    )


@asynccontextmanager
async def _running(
    settings: ReceiverSettings, stores: Stores, watermarks: Watermarks, clocks: Clocks, faces: Faces
) -> AsyncIterator[None]:
    """What goes on beside the requests, from the start of the process to its end."""
    pool, client = stores.pool, stores.client
    with contextlib.suppress(*STORE_ERRORS):
        async with asyncio.timeout(STORE_SECONDS):
            await watermarks.learn(pool)
    beside = [
        asyncio.create_task(log_concerns(pool, client)),
        asyncio.create_task(watch(clocks, pool, client, role="receiver")),
        asyncio.create_task(_report(watermarks, pool, client)),
        asyncio.create_task(faces.access_log.run()),
        asyncio.create_task(keep_touching(settings.alive_file)),
        asyncio.create_task(postgres.warm(stores.reading, settings.pool_min_size)),
    ]
    async with faces.agents.session_manager.run():
        yield
    await cancel_and_wait(*beside)
    await faces.close()
    await stores.close()


async def _report(watermarks: Watermarks, pool: Pool, client: Redis) -> None:
    """About once a second, for as long as the task lives; what a store does not take is tried again."""
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        with contextlib.suppress(RedisError, *STORE_ERRORS):
            await watermarks.report(pool, client)
