"""The operators' overview: how late each stage is, what needs a person, and what comparing with Kapso found."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store.access import access_log
from store.access.accounts import User
from store.mirror import reconcile
from store.ops import lag
from store.ops.status import MirrorStatus
from store.postgres import Pool
from web.forms import number
from web.live import Hub
from web.render import Pages

STATUS_SECONDS = 2.0
LOOKS = 200
SHOWN = timedelta(minutes=10)
ReadStatus = Callable[[], Awaitable[MirrorStatus]]
# A logarithmic axis has no zero.
LEAST_SECONDS = 0.001


class Ops:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, read_status: ReadStatus) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub
        self._read_status = read_status

    async def overview(self, request: Request, user: User) -> Response:
        status = await self._status()
        return self._pages.page(request, "ops.html", user=user, status=status, late=await self._late())

    async def status(self, request: Request, _: User) -> Response:
        return self._pages.part(request, "ops_status.html", status=await self._status(), late=await self._late())

    async def lag(self, _: Request, __: User) -> Response:
        """Ten minutes of samples, as columns for a chart; times in seconds."""
        rows = await self._hub.shared("lag", lambda: lag.samples(self._pool, SHOWN), seconds=STATUS_SECONDS)
        return JSONResponse(series(rows))

    async def reconcile(self, request: Request, user: User) -> Response:
        rows = await reconcile.runs(self._pool, before=number(request.query_params.get("before")))
        return self._pages.page(request, "ops_reconcile.html", user=user, runs=rows, plain=orjson.loads)

    async def access(self, request: Request, user: User) -> Response:
        rows = await access_log.newest(self._pool, limit=LOOKS)
        return self._pages.page(request, "ops_access.html", user=user, entries=rows, plain=orjson.loads)

    async def _status(self) -> MirrorStatus:
        status: MirrorStatus = await self._hub.shared("status", self._read_status, seconds=STATUS_SECONDS)
        return status

    async def _late(self) -> Any:
        """The newest sample, when there is one of the last minute."""
        rows = await self._hub.shared("lag", lambda: lag.samples(self._pool, SHOWN), seconds=STATUS_SECONDS)
        fresh = [row for row in rows if row["at"] > datetime.now(row["at"].tzinfo) - timedelta(minutes=1)]
        return fresh[-1] if fresh else None


def series(rows: Sequence[asyncpg.Record]) -> dict[str, Any]:
    """Lag by stage: Kapso's, ours, AI's."""

    def column(name: str, scale: float) -> list[float | None]:
        return [None if row[name] is None else max(LEAST_SECONDS, row[name] * scale) for row in rows]

    return {
        "at": [row["at"].timestamp() for row in rows],
        "series": [
            {"label": "mirror p99", "values": column("ours_p99_ms", 0.001)},
            {"label": "Kapso", "values": column("kapso_seconds", 1)},
            {"label": "AI", "values": column("ai_seconds", 1)},
        ],
    }
