"""One lead beside the list: what is known and why, the chat, and what can be done to it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from domain.field_kinds import NotAllowed
from domain.lead import LOCKING, STATUSES
from domain.lead_fields import BY_NAME, FIELDS, PROFILE_FIELDS, with_country
from domain.next_step import OPEN, TO_DO
from domain.phone import Phones
from store.access.accounts import User
from store.crm import tickets
from store.leads import insights, lead_detail, lead_reads, leads, next_steps, people
from store.leads.leads import NotFound, Stale
from store.postgres import Pool
from web.access import actor
from web.desk.chat import bubbles
from web.desk.facts import DATES, LONG, as_text, as_value, sections, vocabulary
from web.desk.menus import SNOOZES, Menus
from web.desk.reach import Reach
from web.desk.reasons import because
from web.desk.steps import step_words
from web.excuses import wants_a_page
from web.forms import form, moment, number
from web.live import Hub
from web.preferences import Preferences
from web.render import Pages, live
from web.words import Translate, told, translator

TIMELINE, TAIL, MOST, STEPS = 20, 50, 2000, 3
# Somebody else's write may come between our look and our own.
TRIES = 3
# As a header: proxies take eight kilobytes of them all.
LONGEST_TEXT, LONGEST_UNDO = 160, 3000
CONFLICT = "Somebody changed this meanwhile. Both values are shown; saving again keeps yours."


class Conflict(Exception):
    """The field is no longer what the user saw when they began to type."""


class Panel:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, menus: Menus, phones: Phones, reach: Reach) -> None:
        self._pool = pool
        self._menus = menus
        self._reach = reach
        self._pages = pages
        self._hub = hub
        self._phones = phones

    async def show(self, request: Request, user: User) -> Response:
        if wants_a_page(request):
            return RedirectResponse(f"/?lead={request.path_params['id']}&view=all", 303)
        try:
            return live(request, await self._panel(request, user, request.path_params["id"]))
        except NotFound as error:
            if "hx-request" in request.headers:
                # It was open, and somebody deleted or erased it meanwhile.
                return self._gone(request)
            return PlainTextResponse(str(error), 404)

    async def opened(self, request: Request, user: User, id: str | None, at: str | None = None) -> str:
        """The panel that a link to the list names, its chat at the message `at`; nothing when it names no lead."""
        try:
            return await self._panel(request, user, UUID(id), at=at) if id else ""
        except (ValueError, NotFound):
            return ""

    def _gone(self, request: Request) -> Response:
        html = self._pages.render("gone.html", self._pages.preferences(request))
        return Response(html, headers={"HX-Retarget": "#panel", "HX-Reswap": "innerHTML"}, media_type="text/html")

    # -- writes

    async def field(self, request: Request, user: User) -> Response:
        """One field. Whoever was quicker with the same field is shown beside what was typed."""
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
        """The user's own value may be overwritten again by AI."""
        id, name = request.path_params["id"], (await form(request)).get("field", "")

        async def write() -> None:
            version = (await leads.current(self._pool, id))["version"]
            await leads.let_go(self._pool, id, [name], version=version, by=actor(user))

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
            said = f"{called(lead)}: {t(before)} → {t(status)}"
            return toast(said, f"/leads/{id}/status", undo) if before != status else None

        return await self.write_and_show(request, user, id, write)

    async def note(self, request: Request, user: User) -> Response:
        """A new one, or one that takes another's place."""
        id, given = request.path_params["id"], await form(request)

        async def write() -> None:
            text, corrects = given.get("text", ""), given.get("corrects", "")
            if (note := number(corrects)) is not None:
                await leads.correct_note(self._pool, id, note, text, by=actor(user))
            else:
                await leads.add_note(self._pool, id, text, by=actor(user))

        return await self.write_and_show(request, user, id, write)

    async def answer(self, request: Request, user: User) -> Response:
        """accept or ignore."""
        id, answer = request.path_params["id"], request.path_params["answer"]

        async def write() -> None:
            if answer not in ("accept", "ignore"):
                raise NotFound("there is no such answer to a suggestion")
            suggestion, accept = request.path_params["suggestion"], answer == "accept"
            await leads.answer(self._pool, suggestion, accept=accept, by=actor(user), lead=id)

        return await self.write_and_show(request, user, id, write)

    async def delete(self, request: Request, user: User) -> Response:
        """Out of the list, with a way back."""
        id = request.path_params["id"]
        try:
            await leads.delete(self._pool, id, by=actor(user))
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        self._hub.forget()
        toast = {"text": "deleted", "url": f"/leads/{id}/restore", "undo": {}}
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

    # -- together

    async def write_and_show(
        self,
        request: Request,
        user: User,
        id: UUID,
        write: Callable[[], Awaitable[dict[str, Any] | None]],
        *,
        typed: dict[str, str] | None = None,
    ) -> Response:
        """Run the write. Where the panel asked, show it as it is now, with the error and what was typed."""
        try:
            toast, wrong, status = await write(), None, 200
        except NotAllowed as error:
            toast, wrong, status = None, told(error, self._words(request)), 422
        except (Conflict, Stale):
            toast, wrong, status = None, self._words(request)(CONFLICT), 409
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        self._hub.forget()
        if wrong and not (typed and _in_panel(request)):
            toast = {"text": wrong}  # no field shows this error, and a refresh of the panel would remove it
        response = Response("", status, {"HX-Reswap": "none"} if wrong else {})
        if _in_panel(request):
            try:
                html = await self._panel(request, user, id, wrong=wrong, typed=(typed or {}) if wrong else {})
            except NotFound as error:
                return PlainTextResponse(str(error), 404)
            response = live(request, html, status)
        if toast:
            response.headers["HX-Trigger"] = json.dumps({"toast": toast})  # ASCII, as headers must be
        return response

    def _words(self, request: Request) -> Translate:
        return translator(self._pages.preferences(request).language)

    async def _patch(self, id: UUID, user: User, name: str, typed: str, was: str, t: Translate) -> tuple[str, str]:
        """What stood there before, and what stands there now."""
        for _ in range(TRIES):
            lead = await leads.current(self._pool, id)
            before = as_text(name, _edited(lead, name), t)
            if before != was:
                raise Conflict
            values = with_country({name: as_value(name, typed, t)}, self._phones)
            try:
                done = await leads.patch(self._pool, id, values, version=lead["version"], by=actor(user))
            except Stale:
                continue
            return before, as_text(name, done.lead.fields[name], t)
        raise Conflict

    async def _panel(
        self,
        request: Request,
        user: User,
        id: UUID,
        *,
        at: str | None = None,
        wrong: str | None = None,
        typed: dict[str, str] | None = None,
    ) -> str:
        prefer, t = self._pages.preferences(request), self._words(request)
        tail, past = _count(request, "messages", TAIL), _count(request, "history", TIMELINE)
        at = at or request.query_params.get("at")
        # In this order: what comes in between is shown as unread and not read unseen.
        shown = await lead_reads.mark_read(self._pool, user.id, id, shown=moment(request.query_params.get("shown")))
        detail = await lead_detail.read(self._pool, id, actor(user), messages=tail, at=at)
        lead = detail.lead
        lead_id = lead["id"]
        texts = {name: as_text(name, _edited(lead, name), t) for name in (*FIELDS, *PROFILE_FIELDS)}
        felt = await insights.of(self._pool, lead_id)
        to_do = await next_steps.page(self._pool, status=TO_DO, lead=lead_id, undone=True)
        steps = [*to_do, *await next_steps.page(self._pool, status=OPEN, lead=lead_id, limit=STEPS)]
        return self._pages.render(
            "panel.html", prefer, user=user, detail=detail, lead=lead, texts=texts, sections=sections(texts),
            long=LONG, dates=DATES, statuses=STATUSES, plain=leads.plain, text=partial(as_text, t=t), closed=vocabulary,
            because=partial(because, t=t), when=datetime.fromisoformat, now=datetime.now(UTC),
            chat=bubbles(detail.messages), unfolds=len(detail.messages) >= tail, tail=tail, past=past, shown=shown,
            day=partial(_day, prefer=prefer), signals=orjson.loads(lead["signals"]),
            timeline=await lead_detail.timeline(self._pool, lead_id, lead["contact_id"], limit=past),
            ways=self._reach.ways(lead, await tickets.conversation_of(self._pool, lead_id)),
            steps=steps, step_words=step_words, people=await people.of(self._pool, lead_id),
            tickets=await tickets.of_lead(self._pool, lead_id), priorities=tickets.PRIORITIES,
            owners=await self._menus.owners(), snoozes=SNOOZES,
            sentiment=felt[0]["sentiment"] if felt else None,
            holds=[source.value for source in LOCKING], wrong=wrong, typed=typed or {},
        )  # fmt: skip


def _in_panel(request: Request) -> bool:
    """Whether the answer is shown as the panel. A write from the board or the tasks opens no lead."""
    target = request.headers.get("hx-target")
    return target is None or target.endswith(("#lead", "#panel"))


def _count(request: Request, name: str, usual: int) -> int:
    """How much of a long list is shown: what the viewer has unfolded so far."""
    return min(number(request.query_params.get(name)) or usual, MOST)


def _day(at: datetime | None, *, prefer: Preferences) -> date | None:
    """On which day that is, where the viewer is."""
    return at.astimezone(prefer.zone_info).date() if at else None


def _edited(lead: Any, name: str) -> Any:
    """What stands in a field's input: of numbers the correction, not the number that WhatsApp says."""
    return lead["corrected_phone" if name == "phone" else name]


def called(lead: Mapping[str, Any]) -> str:
    """How a toast names a lead."""
    return str(lead["name"] or lead["phone"] or "…")


def toast(text: str, url: str, undo: dict[str, str] | None) -> dict[str, Any]:
    """What the page says for a while, and the form that takes it back; long texts are not carried in a header."""
    short = undo if undo and len(json.dumps(undo)) < LONGEST_UNDO else None
    return {"text": text[:LONGEST_TEXT], "url": url, "undo": short}
