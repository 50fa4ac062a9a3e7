"""The seller's desk: the lead list, one lead beside it, and what can be done to it."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard.access import actor
from dashboard.login import form
from dashboard.query import CHOICES, cursor_of, cursor_text, filter_of, with_changes
from dashboard.render import Pages
from rows.lead import FIELDS, STATUSES, NotAllowed
from store import leads
from store.accounts import User
from store.leads import NotFound, Stale
from store.postgres import Pool

PAGE = 50
# In the order in which a talk finds them out.
SHOWN = (
    "name", "phone", "business_type", "domisili", "business_duration", "language", "story", "pain_points",
    "interest_motivation", "priority", "urgency_level", "objection_raised", "closing_technique_used",
)  # fmt: skip


class Desk:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    # -- the list

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        return self._pages.show("leads.html", user=user, query=query, choices=CHOICES, change=with_changes,
                                **await self._page(query))  # fmt: skip

    async def rows(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        return self._pages.show("rows.html", user=user, query=query, change=with_changes, **await self._page(query))

    async def _page(self, query: dict[str, str]) -> dict[str, Any]:
        page = await leads.page(self._pool, filter_of(query), after=cursor_of(query), limit=PAGE)
        return {"leads": page.leads, "next": cursor_text(page.next) if page.next else None}

    # -- one lead

    async def lead(self, request: Request, user: User) -> Response:
        return await self._panel(request.path_params["id"], user)

    async def _panel(self, id: UUID, user: User, status: int = 200, **more: Any) -> Response:
        try:
            detail = await leads.read(self._pool, id, actor(user))
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        values: dict[str, Any] = {
            "user": user, "detail": detail, "shown": SHOWN, "statuses": STATUSES, "plain": leads.plain,
            "notes": await leads.notes(self._pool, detail.lead["id"]),
            "history": await leads.history(self._pool, detail.lead["id"], limit=20),
            "wrong": None, "typed": {}, **more,
        }  # fmt: skip
        return self._pages.show("panel.html", status, **values)

    async def patch(self, request: Request, user: User) -> Response:
        """One field, with the version that was read; who was quicker is shown beside what was typed."""
        id, given = request.path_params["id"], await form(request)
        name, version = given.get("field", ""), given.get("version", "")
        if name not in FIELDS or not version.isdigit():
            return PlainTextResponse("which field, and which version of the lead?", 400)
        typed = given.get("value", "").strip()
        try:
            await leads.patch(self._pool, id, {name: _value(name, typed)}, version=int(version), by=actor(user))
        except NotAllowed as error:
            return await self._panel(id, user, 422, wrong=str(error), typed={name: typed})
        except Stale:
            wrong = f"Somebody changed this lead meanwhile: {name} is as it stands now; yours is below it."
            return await self._panel(id, user, 409, wrong=wrong, typed={name: typed})
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return await self._panel(id, user)

    async def let_go(self, request: Request, user: User) -> Response:
        id, given = request.path_params["id"], await form(request)
        try:
            version = int(given.get("version", "0"))
            await leads.let_go(self._pool, id, [given.get("field", "")], version=version, by=actor(user))
        except Stale:
            return await self._panel(id, user, 409, wrong="Somebody changed this lead meanwhile: look again.")
        except (NotFound, ValueError) as error:
            return PlainTextResponse(str(error), 404)
        return await self._panel(id, user)

    async def move(self, request: Request, user: User) -> Response:
        id, given = request.path_params["id"], await form(request)
        try:
            await leads.set_status(self._pool, id, given.get("status", ""), by=actor(user))
        except NotAllowed as error:
            return PlainTextResponse(str(error), 422)
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return await self._panel(id, user)

    async def note(self, request: Request, user: User) -> Response:
        id, given = request.path_params["id"], await form(request)
        try:
            await leads.add_note(self._pool, id, given.get("text", ""), by=actor(user))
        except NotAllowed as error:
            return await self._panel(id, user, 422, wrong=str(error))
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return await self._panel(id, user)

    async def answer(self, request: Request, user: User) -> Response:
        accept = request.path_params["answer"] == "accept"
        try:
            lead = await leads.answer(self._pool, request.path_params["suggestion"], accept=accept, by=actor(user))
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return await self._panel(lead.id, user)


def _value(name: str, typed: str) -> object:
    if not typed:
        return None
    return [one.strip() for one in typed.split(",") if one.strip()] if name == "pain_points" else typed
