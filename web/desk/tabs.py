"""The tabs above the list and its filter menu, with how many leads each would give."""

from collections.abc import Mapping
from functools import partial
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from domain.lead_filter import LeadFilter
from domain.search import CHOICES
from store.access.accounts import User
from store.leads import lead_list
from store.postgres import Pool
from web.desk.list_views import ListViews
from web.live import Hub
from web.query import DAYS, SINGLE, toggled, values, with_changes
from web.render import Pages, live

MANY = 100
"""More leads than that under a tab are not counted."""
COUNTED = ("unread", "mine", "nobodys", "snoozed")
Counts: TypeAlias = dict[str, dict[str, int]]
COUNTS_SECONDS = 3.0


class Tabs:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, views: ListViews) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub
        self._views = views

    async def bar(self, request: Request, user: User) -> Response:
        """The filters with their counts."""
        return live(request, (await self.render(request, user))[1])

    async def choices(self, request: Request, user: User) -> Response:
        """What the filter menu offers, with counts."""
        query = dict(request.query_params)
        wanted = (await self._views.of(query, user)).wanted
        counts = await self._counts(wanted, wait=True)
        offered = await lead_list.choices(self._pool, wanted)
        return self._pages.part(request, "choices.html", query=query, counts=counts, offered=offered, closed=CHOICES,
                                days=DAYS, toggled=toggled, on_now=partial(_on_now, query))  # fmt: skip

    async def render(self, request: Request, user: User, *, wait: bool = True) -> tuple[dict[str, int | None], str]:
        """What is counted under the tabs, and the tabs. A page that has just been opened shows counts once they are
        there: counting reads everything."""
        prefer, query = self._pages.preferences(request), dict(request.query_params)
        wanted = (await self._views.of(query, user)).wanted
        counted = {view: await self._counted(query, view, user, wait=wait) for view in COUNTED}
        counts = await self._counts(wanted, wait=wait)
        inbox = await self._counts((await self._views.of({**query, "view": ""}, user)).wanted, wait=wait)
        counted[""] = inbox["all"]["all"] if inbox else None
        counted["waiting"] = inbox["waiting"].get("true", 0) if inbox else None
        html = self._pages.render("bar.html", prefer, query=query, counts=counts, counted=counted, choices=CHOICES,
                                  values=values, many=MANY, toggled=toggled, change=with_changes)  # fmt: skip
        return counted, html

    async def _counted(self, query: Mapping[str, str], view: str, user: User, *, wait: bool) -> int | None:
        wanted = (await self._views.of({**query, "view": view}, user)).wanted

        async def count() -> int:
            return await lead_list.how_many(self._pool, wanted, most=MANY)

        if view == "unread":  # their reading of a lead a moment ago counts
            return await count() if wait else None
        key = ("how many", str(wanted))
        found: int | None = await self._hub.shared(key, count, seconds=COUNTS_SECONDS) if wait else self._hub.ready(key)
        return found

    async def _counts(self, wanted: LeadFilter, *, wait: bool) -> Counts | None:
        async def count() -> Counts:
            return await lead_list.counts(self._pool, wanted)

        key = ("counts", str(wanted))
        found: Counts | None = (
            await self._hub.shared(key, count, seconds=COUNTS_SECONDS) if wait else self._hub.ready(key)
        )
        return found


def _on_now(query: Mapping[str, str], name: str) -> list[str]:
    """The values that a filter has now."""
    return [query[name]] if name in SINGLE and query.get(name) else values(query, name)
