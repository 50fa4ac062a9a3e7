"""The operators' overview: how late each stage is, what needs a person, and what comparing with Kapso found."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import asyncpg
import orjson
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from store.access import access_log
from store.access.accounts import User
from store.mirror import reconcile
from store.ops import alarms, lag, waits
from store.ops.alarms import Incident
from store.ops.status import DRAIN_DEAD_SECONDS, LAG_LIMIT_SECONDS, MirrorStatus
from store.postgres import Pool
from web.access import actor
from web.error_pages import Refusal
from web.forms import number
from web.live import Hub
from web.ops.health import headline, hops
from web.render import Pages

STATUS_SECONDS = 2.0
LOOKS = 200


class ChartRange(NamedTuple):
    """The period of the chart, and the time between two points."""

    last: timedelta
    step: timedelta


RANGES: Final = {
    "hour": ChartRange(timedelta(hours=1), lag.SAMPLE),
    "day": ChartRange(timedelta(days=1), timedelta(minutes=5)),
    "week": ChartRange(timedelta(days=7), timedelta(minutes=30)),
}
log = structlog.get_logger(__name__)
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
        return self._pages.page(request, "ops.html", user=user, ranges=tuple(RANGES), **await self._values())

    async def status(self, request: Request, _: User) -> Response:
        return self._pages.part(request, "ops_status.html", **await self._values())

    async def lag(self, request: Request, _: User) -> Response:
        """Return the samples of `range` as columns for a chart, and its incidents. Times are Unix seconds."""
        name = request.query_params.get("range", "")
        shown = RANGES.get(name, RANGES["hour"])

        async def fetch() -> dict[str, Any]:
            rows = await lag.samples(self._pool, shown.last, shown.step)
            return series(rows) | {"incidents": marks(await alarms.incidents(self._pool, shown.last))}

        return JSONResponse(await self._hub.shared(("lag", shown), fetch, seconds=STATUS_SECONDS))

    async def end_session(self, request: Request, user: User) -> Response:
        """End a session that blocks the mirror, as `waits` advises."""
        pid = request.path_params["pid"]
        try:
            ended = await waits.end_session(self._pool, pid)
        except asyncpg.InsufficientPrivilegeError:
            return Refusal(waits.NOT_OURS, 403, pid=pid)
        log.info("session ended", pid=pid, by=actor(user).name, ended=ended)
        return RedirectResponse("/ops", 303)

    async def reconcile(self, request: Request, user: User) -> Response:
        rows = await reconcile.runs(self._pool, before=number(request.query_params.get("before")))
        return self._pages.page(request, "ops_reconcile.html", user=user, runs=rows, plain=orjson.loads)

    async def access(self, request: Request, user: User) -> Response:
        rows = await access_log.newest(self._pool, limit=LOOKS)
        return self._pages.page(request, "ops_access.html", user=user, entries=rows, plain=orjson.loads)

    async def _values(self) -> dict[str, Any]:
        status, late = await self._status(), await self._late()
        found = hops(status, late and late["kapso_seconds"], late and late["ai_seconds"])
        return {
            "status": status, "late": late, "headline": headline(status), "hops": found,
            "lag_limit": LAG_LIMIT_SECONDS, "drain_dead": DRAIN_DEAD_SECONDS,
        }  # fmt: skip

    async def _status(self) -> MirrorStatus:
        status: MirrorStatus = await self._hub.shared("status", self._read_status, seconds=STATUS_SECONDS)
        return status

    async def _late(self) -> Any:
        """Return the newest sample of the last minute; None if there is none."""

        async def fetch() -> list[asyncpg.Record]:
            return await lag.samples(self._pool, timedelta(minutes=1))

        rows = await self._hub.shared("newest lag", fetch, seconds=STATUS_SECONDS)
        return rows[-1] if rows else None


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


def marks(found: Sequence[Incident]) -> list[dict[str, Any]]:
    """Return incidents for the chart. `end` is null while an alarm lasts."""
    return [
        {"name": one.name, "begin": one.began_at.timestamp(), "end": one.ended_at and one.ended_at.timestamp()}
        for one in found
    ]
