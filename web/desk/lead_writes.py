"""Writes to one lead from its panel: fields, status, notes, suggestions, delete and restore."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, FIELDS, PROFILE_FIELDS, label_of, with_country
from domain.phone import Phones
from store.access.accounts import User
from store.leads import lead_reads, leads
from store.leads.leads import NotFound, Stale
from store.postgres import Pool
from web.access import actor
from web.desk.facts import as_text, as_value
from web.desk.panel import Panel, edited
from web.error_pages import NOT_THERE, Refusal
from web.forms import form, number
from web.live import Hub
from web.render import Pages, called, live
from web.words import Translate, told, translator

# Somebody else's write may come between our look and our own.
TRIES = 3
# As a header: proxies take eight kilobytes of them all.
LONGEST_TEXT, LONGEST_UNDO = 160, 3000
CONFLICT = "This was changed meanwhile, perhaps in another window. Both values are shown; saving again keeps yours."
LET_GO = "AI may change it again"


class Conflict(Exception):
    """The field changed after the user began to type."""


class LeadWrites:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, panel: Panel, phones: Phones) -> None:
        self._pool = pool
        self._panel = panel
        self._pages = pages
        self._hub = hub
        self._phones = phones

    async def field(self, request: Request, user: User) -> Response:
        """Set one field. If another user changed it first, show both values."""
        id, given = request.path_params["id"], await form(request)
        name, typed, was = given.get("field", ""), given.get("value", "").strip(), given.get("was", "").strip()
        if name not in (*FIELDS, *PROFILE_FIELDS):
            return PlainTextResponse(f"there is no field {name[:40]!r}", 400)

        async def write() -> dict[str, Any] | None:
            t = self._words(request)
            before, now = await self._patch(id, user, name, typed, was, t)
            undo = {"field": name, "value": before, "was": now} if before != now else None
            return toast(f"{t(BY_NAME[name].label)}: {now or '–'}", f"/leads/{id}/field", undo)

        # The owner stands in the head, where no message has a place.
        return await self.write_and_show(request, user, id, write, typed=None if name == "owner" else {name: typed})

    async def let_go(self, request: Request, user: User) -> Response:
        """Let AI overwrite the field again."""
        id, name = request.path_params["id"], (await form(request)).get("field", "")

        async def write() -> dict[str, Any]:
            version = (await leads.current(self._pool, id))["version"]
            await leads.let_go(self._pool, id, [name], version=version, by=actor(user))
            t = self._words(request)
            return toast(f"{t(label_of(name))}: {t(LET_GO)}", f"/leads/{id}/field", None)

        return await self.write_and_show(request, user, id, write)

    async def move(self, request: Request, user: User) -> Response:
        """Move the lead to a status. With `was`, the status that the page showed, only from there."""
        id, given = request.path_params["id"], await form(request)
        status, was = given.get("status", ""), given.get("was")

        async def write() -> dict[str, Any] | None:
            lead = await leads.current(self._pool, id)
            before = lead["status"]
            reason = given.get("reason", "").strip() or None
            await leads.set_status(self._pool, id, status, by=actor(user), was=was, reason=reason)
            undo = {"status": before, "was": status}
            t = self._words(request)
            said = f"{called(lead, t)}: {t(before)} → {t(status)}"
            return toast(said, f"/leads/{id}/status", undo) if before != status else None

        return await self.write_and_show(request, user, id, write)

    async def note(self, request: Request, user: User) -> Response:
        """Add a note, or correct one."""
        id, given = request.path_params["id"], await form(request)

        async def write() -> None:
            text, corrects = given.get("text", ""), given.get("corrects", "")
            if (note := number(corrects)) is not None:
                await leads.correct_note(self._pool, id, note, text, by=actor(user))
            else:
                await leads.add_note(self._pool, id, text, by=actor(user))

        return await self.write_and_show(request, user, id, write)

    async def answer(self, request: Request, user: User) -> Response:
        """Accept or ignore a suggestion."""
        id, answer = request.path_params["id"], request.path_params["answer"]

        async def write() -> None:
            if answer not in ("accept", "ignore"):
                raise NotFound("there is no such answer to a suggestion")
            suggestion, accept = request.path_params["suggestion"], answer == "accept"
            await leads.answer(self._pool, suggestion, accept=accept, by=actor(user), lead=id)

        return await self.write_and_show(request, user, id, write)

    async def delete(self, request: Request, user: User) -> Response:
        """Delete the lead; the toast offers Undo."""
        id = request.path_params["id"]
        try:
            name = called(await leads.current(self._pool, id), self._words(request))
            await leads.delete(self._pool, id, by=actor(user))
        except NotFound:
            return Refusal(NOT_THERE, 404)
        self._hub.forget()
        toast = {"text": self._words(request)("{name}: deleted", name=name), "url": f"/leads/{id}/restore", "undo": {}}
        return Response("", headers={"HX-Trigger": json.dumps({"toast": toast})})

    async def restore(self, request: Request, user: User) -> Response:
        id = request.path_params["id"]

        async def write() -> None:
            await leads.restore(self._pool, id, by=actor(user))

        return await self.write_and_show(request, user, id, write)

    async def unread(self, request: Request, user: User) -> Response:
        await lead_reads.mark_unread(self._pool, user.id, request.path_params["id"])
        self._hub.forget()
        return Response(status_code=204)

    async def write_and_show(
        self,
        request: Request,
        user: User,
        id: UUID,
        write: Callable[[], Awaitable[dict[str, Any] | None]],
        *,
        typed: dict[str, str] | None = None,
    ) -> Response:
        """Run the write. If the request came from the panel, render the panel, with the error and the typed text."""
        try:
            toast, wrong, status = await write(), None, 200
        except NotAllowed as error:
            toast, wrong, status = None, told(error, self._words(request)), 422
        except (Conflict, Stale):
            toast, wrong, status = None, self._words(request)(CONFLICT), 409
        except NotFound:
            return Refusal(NOT_THERE, 404)
        self._hub.forget()
        if wrong and not (typed and _in_panel(request)):
            toast = {"text": wrong}  # no field shows this error, and a refresh of the panel would remove it
        response = Response("", status, {"HX-Reswap": "none"} if wrong else {})
        if _in_panel(request):
            try:
                html = await self._panel.html(request, user, id, wrong=wrong, typed=(typed or {}) if wrong else {})
            except NotFound:
                return Refusal(NOT_THERE, 404)
            response = live(request, html, status)
        if toast:
            response.headers["HX-Trigger"] = json.dumps({"toast": toast})  # ASCII, as headers must be
        return response

    def _words(self, request: Request) -> Translate:
        return translator(self._pages.preferences(request).language)

    async def _patch(self, id: UUID, user: User, name: str, typed: str, was: str, t: Translate) -> tuple[str, str]:
        """Return the old and the new value as text."""
        for _ in range(TRIES):
            lead = await leads.current(self._pool, id)
            before = as_text(name, edited(lead, name), t)
            if before != was:
                raise Conflict
            values = with_country({name: as_value(name, typed, t)}, self._phones)
            try:
                done = await leads.patch(self._pool, id, values, version=lead["version"], by=actor(user))
            except Stale:
                continue
            return before, as_text(name, done.lead.fields[name], t)
        raise Conflict


def _in_panel(request: Request) -> bool:
    """Return whether the response replaces the panel. Writes from the board or the tasks open no panel."""
    target = request.headers.get("hx-target")
    return target is None or target.endswith(("#lead", "#panel"))


def toast(text: str, url: str, undo: dict[str, str] | None) -> dict[str, Any]:
    """Return a toast with its undo form. Long values are left out: the toast travels in a header."""
    short = undo if undo and len(json.dumps(undo)) < LONGEST_UNDO else None
    return {"text": text[:LONGEST_TEXT], "url": url, "undo": short}
