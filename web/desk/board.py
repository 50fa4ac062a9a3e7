"""Leads by status, as columns; moving a card moves the lead."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from domain.lead import STATUSES
from domain.lead_filter import LeadReader
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.leads import lead_list
from store.postgres import Pool
from web.access import actor
from web.live import Hub
from web.query import view_of, with_changes
from web.render import Pages

CARDS = 25
VIEWS = {"all": "All", "mine": "Mine", "nobodys": "Nobody’s"}
VALUES_SECONDS = 3.0


class Board:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def show(self, request: Request, user: User) -> Response:
        """The page; its columns alone for a refresh."""
        query = dict(request.query_params)
        view = query.get("view") if query.get("view") in VIEWS else "all"
        asked = {**query, "view": str(view)}
        wanted = view_of(asked, LeadReader(user.id, user.since), user.name, datetime.now(UTC)).wanted
        wanted = replace(wanted, snoozed=None, status=None)

        async def fetch() -> dict[str, Any]:
            values = await lead_list.values(self._pool, wanted)
            cards = {
                status: (await lead_list.page(self._pool, replace(wanted, status=[status]), limit=CARDS)).leads
                for status in STATUSES
            }
            return {"values": values, "cards": cards}

        found = await self._hub.shared(("board", str(wanted)), fetch, seconds=VALUES_SECONDS)
        ids = [lead["id"] for column in found["cards"].values() for lead in column]
        self._access_log.note(actor(user).name, "list", {"page": "board", "view": view}, ids, live=True)
        given = {"user": user, "query": query, "view": view, "statuses": STATUSES, "change": with_changes} | found
        if "hx-request" in request.headers:
            return self._pages.part(request, "board_columns.html", **given)
        return self._pages.page(request, "board.html", views=VIEWS, **given)
