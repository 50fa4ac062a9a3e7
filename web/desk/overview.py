"""The page /overview for managers: this period against the one before, the funnel, who waits, what AI did today."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.lead import OPEN_STATUSES
from domain.lead_fields import FIELDS
from domain.lead_filter import LeadFilter
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.leads import lead_list, overview
from store.leads.overview import AGES, RANGES, AiToday, Overview, OverviewFilter, OwnerRow
from store.postgres import Pool
from web import overviews
from web.access import actor
from web.desk.csv_text import BEGIN, cell, line, separator_of
from web.desk.facts import as_text
from web.desk.menus import Menus
from web.live import Hub
from web.query import with_changes
from web.render import Pages
from web.words import translator

LONGEST_WAITING = 5
# Computed from the other fields: undoing such a change makes no sense.
COMPUTED = ("lead_score", "lead_temperature", "chat_phase")
LISTED = (*(name for name in FIELDS if name not in COMPUTED), "status")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
PARTS = ("funnel", "weeks", "cities", "origins", "owners", "pains", "objections")


@dataclass(frozen=True, slots=True)
class OverviewPage:
    pool: Pool
    pages: Pages
    hub: Hub
    menus: Menus
    access_log: AccessLog

    async def show(self, request: Request, user: User) -> Response:
        prefer = self.pages.preferences(request)
        asked, zone, t = _asked(request), prefer.zone_info, translator(prefer.language)
        found = await self._found(asked, request)
        owner = [asked.owner] if asked.owner else None
        wanted = LeadFilter(
            awaiting_reply=True, snoozed=False, city=asked.city, owner=owner, origin=asked.origin, status=OPEN_STATUSES
        )
        waiting = await lead_list.page(self.pool, wanted, limit=LONGEST_WAITING, order="waiting")
        ai = await overview.ai_today(self.pool, LISTED, zone, asked)
        self.access_log.note(actor(user).name, "list", {"page": "overview"}, _shown(waiting.leads, ai))
        return self.pages.page(
            request, "overview.html", user=user, asked=asked, found=found, ai=ai, waiting=waiting.leads, ages=AGES,
            open_statuses=OPEN_STATUSES, ranges=RANGES, owners=await self.menus.owners(), change=with_changes,
            query=dict(request.query_params),
            value_text=lambda name, value: as_text(name, value, t) if name != "status" else t(str(value or "")),
            short=_short, words_of=UNITS,
        )  # fmt: skip

    async def csv(self, request: Request, user: User) -> Response:
        """Return one of PARTS as CSV."""
        part = request.path_params["part"]
        if part not in PARTS:
            return PlainTextResponse(f"there is no table {part[:40]!r}: there are {', '.join(PARTS)}", 404)
        rows = [_columns(row) for row in getattr(await self._found(_asked(request), request), part)]
        separator = separator_of(self.pages.preferences(request).language)
        lines = [rows[0].keys(), *([cell(value) for value in row.values()] for row in rows)] if rows else []
        headers = {"Content-Disposition": f'attachment; filename="{part}.csv"'}
        return Response(
            BEGIN + "".join(line(cells, separator) for cells in lines),
            media_type="text/csv; charset=utf-8",
            headers=headers,
        )

    async def _found(self, asked: OverviewFilter, request: Request) -> Overview:
        return await overviews.shared(self.hub, self.pool, asked, self.pages.preferences(request).zone_info)


def _asked(request: Request) -> OverviewFilter:
    return overviews.chosen(*(request.query_params.get(name, "") for name in ("days", "city", "owner", "origin")))


def _columns(row: Any) -> dict[str, Any]:
    return row._asdict() if isinstance(row, OwnerRow) else dict(row)


def _shown(waiting: Any, ai: AiToday) -> list[Any]:
    return [*(lead["id"] for lead in waiting), *(change["lead_id"] for change in ai.changes)]


def _short(seconds: float | None) -> tuple[str, int] | None:
    """Return the duration in its largest unit, such as ("m", 12). None stays None."""
    if seconds is None:
        return None
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return unit, round(seconds / size)
    return "s", round(seconds)
