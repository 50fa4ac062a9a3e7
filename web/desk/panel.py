"""The panel of one lead beside the list: facts with their sources, and the chat."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.lead import LOCKING, STATUSES
from domain.lead_fields import FIELDS, PROFILE_FIELDS
from domain.next_step import OPEN, TO_DO
from store.access.accounts import User
from store.crm import tickets
from store.leads import insights, lead_detail, lead_reads, leads, next_steps, people
from store.leads.leads import NotFound
from store.postgres import Pool
from web.access import actor
from web.desk.chat import bubbles
from web.desk.facts import DATES, LONG, as_text, sections, vocabulary
from web.desk.menus import SNOOZES, Menus
from web.desk.reasons import because
from web.desk.reply_links import ReplyLinks
from web.desk.steps import step_words
from web.error_pages import NOT_THERE, Refusal, wants_a_page
from web.forms import moment, number
from web.preferences import Preferences
from web.render import Pages, live
from web.words import translator

TIMELINE, TAIL, MOST, STEPS = 20, 50, 2000, 3


class Panel:
    def __init__(self, pool: Pool, pages: Pages, menus: Menus, reach: ReplyLinks) -> None:
        self._pool = pool
        self._menus = menus
        self._reach = reach
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        if wants_a_page(request):
            return RedirectResponse(f"/?lead={request.path_params['id']}&view=all", 303)
        try:
            return live(request, await self.html(request, user, request.path_params["id"]))
        except NotFound:
            if "hx-request" in request.headers:
                # It was open, and somebody deleted or erased it meanwhile.
                return self._gone(request)
            return Refusal(NOT_THERE, 404)

    async def opened(self, request: Request, user: User, id: str | None, at: str | None = None) -> str:
        """Return the panel of the lead `id`, its chat at the message `at`. Empty if there is no such lead."""
        try:
            return await self.html(request, user, UUID(id), at=at) if id else ""
        except (ValueError, NotFound):
            return ""

    def _gone(self, request: Request) -> Response:
        html = self._pages.render("gone.html", self._pages.preferences(request))
        return Response(html, headers={"HX-Retarget": "#panel", "HX-Reswap": "innerHTML"}, media_type="text/html")

    async def html(
        self,
        request: Request,
        user: User,
        id: UUID,
        *,
        at: str | None = None,
        wrong: str | None = None,
        typed: dict[str, str] | None = None,
    ) -> str:
        """Render the panel and mark the lead as read. `wrong` and `typed` appear beside the edited field.

        Raises NotFound.
        """
        prefer = self._pages.preferences(request)
        t = translator(prefer.language)
        tail, past = _count(request, "messages", TAIL), _count(request, "history", TIMELINE)
        at = at or request.query_params.get("at")
        # In this order: what comes in between is shown as unread and not read unseen.
        shown = await lead_reads.mark_read(self._pool, user.id, id, shown=moment(request.query_params.get("shown")))
        detail = await lead_detail.read(self._pool, id, actor(user), messages=tail, at=at)
        lead = detail.lead
        lead_id = lead["id"]
        texts = {name: as_text(name, edited(lead, name), t) for name in (*FIELDS, *PROFILE_FIELDS)}
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


def _count(request: Request, name: str, usual: int) -> int:
    """Return how many rows of a long list the viewer has unfolded so far."""
    return min(number(request.query_params.get(name)) or usual, MOST)


def _day(at: datetime | None, *, prefer: Preferences) -> date | None:
    """Return the date in the viewer's time zone."""
    return at.astimezone(prefer.zone_info).date() if at else None


def edited(lead: Any, name: str) -> Any:
    """Return the value of a field's input; for the phone, the correction instead of the number of WhatsApp."""
    return lead["corrected_phone" if name == "phone" else name]
