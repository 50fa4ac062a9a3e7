"""Tickets: what customers need help with, and how far it has come."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.field_kinds import NotAllowed
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.crm import tickets
from store.crm.tickets import FIELDS, PRIORITIES, STATUSES
from store.leads.leads import NotFound
from store.postgres import Pool
from web.access import actor
from web.error_pages import NOT_THERE, Refusal
from web.forms import form, number
from web.live import Hub
from web.query import with_changes
from web.render import Pages
from web.words import told, translator

PAGE = 50
VIEWS: Final[Mapping[str, tuple[str, ...] | None]] = {
    "open": ("open",), "pending": ("pending",), "solved": ("solved", "closed"), "all": None,
}  # fmt: skip


class TicketPages:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        view = query.get("view") if query.get("view") in VIEWS else "open"
        rows = await tickets.page(
            self._pool, status=VIEWS[view or "open"], before=number(query.get("before")), limit=PAGE
        )
        ids = [row["lead_id"] for row in rows]
        self._access_log.note(actor(user).name, "list", {"page": "tickets", "view": view}, ids, live=True)
        given: dict[str, Any] = {
            "rows": rows, "query": query, "more": len(rows) == PAGE, "change": with_changes, "user": user,
            "statuses": STATUSES, "priorities": PRIORITIES,
        }  # fmt: skip
        if "hx-request" in request.headers:
            return self._pages.part(request, "ticket_rows.html", **given)
        return self._pages.page(request, "tickets.html", view=view, views=VIEWS, **given)

    async def set(self, request: Request, user: User) -> Response:
        """One or several fields. Answers with the row as it stands then."""
        id, given = request.path_params["id"], await form(request)
        try:
            values: dict[str, Any] = {name: given[name] for name in FIELDS if name in given}
            row = await tickets.patch(self._pool, id, values, by=actor(user))
        except NotAllowed as error:
            return PlainTextResponse(told(error, translator(self._pages.preferences(request).language)), 400)
        except NotFound:
            return Refusal(NOT_THERE, 404)
        self._hub.forget()
        return self._pages.part(
            request, "ticket_rows.html", rows=[row], more=False, user=user, statuses=STATUSES, priorities=PRIORITIES
        )
