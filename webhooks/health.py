"""Whether this process is alive, and whether it can take deliveries."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from store.ops.checks import answers
from store.ops.status import MirrorStatus, status
from store.postgres import STORE_ERRORS, Pool
from webhooks.metrics import may_see

LOOK_BACK = timedelta(minutes=5)


class Readiness:
    """`token` opens the details; without one nobody sees them."""

    def __init__(self, pool: Pool, client: Redis, *, shards: int, token: str | None) -> None:
        self._pool = pool
        self._client = client
        self._shards = shards
        self._token = token

    async def look(self) -> MirrorStatus:
        """The status over the last five minutes."""
        return await status(self._pool, self._client, self._shards, datetime.now(UTC) - LOOK_BACK)

    async def alive(self, _: Request) -> Response:
        return PlainTextResponse("alive")

    async def ready(self, request: Request) -> Response:
        """Either store is enough: if a balancer took the process out, Kapso would pause the webhook."""
        if may_see(request, self._token):
            now = await self.look()
            up = {"redis": now.stream is not None, "postgres": now.postgres_answers}
            return JSONResponse({**up, "problems": now.problems}, 200 if any(up.values()) else 503)
        stores = (_answers(self._client.ping()), _answers(answers(self._pool)))
        for answered in asyncio.as_completed(stores):
            if await answered:
                return PlainTextResponse("ready")
        return PlainTextResponse("no store takes deliveries", status_code=503)


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await question
    except (RedisError, *STORE_ERRORS):
        return False
    return True
