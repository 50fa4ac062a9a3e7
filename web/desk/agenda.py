"""What is to be done, by day: leads that wake up, and next steps."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from store.access.access_log import AccessLog
from store.access.accounts import User
from store.leads import agenda
from store.leads.agenda import AgendaEntry
from store.postgres import Pool
from web.access import actor
from web.desk.steps import step_words
from web.live import Hub
from web.render import Pages

VIEWS: Final = {"all": "Everybody’s", "mine": "Mine"}
MOST: Final = 200
DAYS: Final = ("overdue", "today", "tomorrow", "later", "without a date")


class Agenda:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def show(self, request: Request, user: User) -> Response:
        """The page; its list alone for a refresh."""
        query = dict(request.query_params)
        view = query.get("view") if query.get("view") in VIEWS else "all"
        owner = user.name if view == "mine" else None

        async def fetch() -> list[AgendaEntry]:
            return await agenda.page(self._pool, owner=owner, limit=MOST + 1)

        found = await self._hub.shared(("agenda", owner), fetch)
        ids = [one.lead["id"] for one in found]
        self._access_log.note(actor(user).name, "list", {"page": "tasks", "view": view}, ids, live=True)
        days = by_day(found[:MOST], datetime.now(UTC), self._pages.preferences(request).zone_info)
        given: dict[str, Any] = {"user": user, "view": view, "days": days, "step_words": step_words,
                                 "cut_at": MOST if len(found) > MOST else None}  # fmt: skip
        if "hx-request" in request.headers:
            return self._pages.part(request, "agenda_days.html", **given)
        return self._pages.page(request, "agenda.html", views=VIEWS, **given)


def by_day(found: Sequence[AgendaEntry], now: datetime, zone: ZoneInfo) -> list[tuple[str, list[AgendaEntry]]]:
    """Under DAYS, as they are where the viewer is; without those that are empty."""
    today = now.astimezone(zone).date()
    days: dict[str, list[AgendaEntry]] = {name: [] for name in DAYS}
    for one in found:
        days[_named(one.at.astimezone(zone).date() if one.at else one.day, today)].append(one)
    return [(name, due) for name, due in days.items() if due]


def _named(day: date | None, today: date) -> str:
    if day is None:
        return "without a date"
    if day < today:
        return "overdue"
    return {today: "today", today + timedelta(days=1): "tomorrow"}.get(day, "later")
