"""Leads as a CSV file that spreadsheets open, and in which nothing runs."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.lead_fields import LEAD_FIELDS
from domain.lead_filter import LeadFilter
from domain.phone import shown
from store.access.accounts import User
from store.leads import lead_list, leads
from store.postgres import Pool
from web.access import actor
from web.desk.csv_text import BEGIN, cell, line, separator_of
from web.desk.list_views import ListViews
from web.error_pages import Refusal
from web.forms import ids_of
from web.render import Pages

PHONES = ("phone",)
COLUMNS = (
    "id", "name", "phone", "username", "status", "lead_temperature", "lead_score", "score_because", "chat_phase",
    "domisili", "business_type", "urgency_level", "pain_points", "objection_raised", "language", "awaiting_reply",
    "last_message_at", "last_message_direction", "last_message_text", "reply_window_ends_at", "last_contact_at",
    "created_at", "converted_at", "came_from", "owner", "tags",
)  # fmt: skip
EXPORTED = tuple(dict.fromkeys((*COLUMNS, *(one.name for one in LEAD_FIELDS if one.is_exported))))


STRANGE = "Not understood: {what}. Nothing was exported."
NOBODY = "No lead was selected. Nothing was exported."


class LeadsCsv:
    def __init__(self, pool: Pool, pages: Pages, views: ListViews) -> None:
        self._pool = pool
        self._pages = pages
        self._views = views

    async def show(self, request: Request, user: User) -> Response:
        """All that the filter lets through, or the leads that `ids` names. Who took it is kept."""
        view = await self._views.of(dict(request.query_params), user)
        if view.strange:
            return Refusal(STRANGE, 422, what=" ".join(view.strange))
        named = request.query_params.get("ids")
        ids = ids_of(named) if named is not None else None
        if ids == []:
            return Refusal(NOBODY, 422)
        wanted = LeadFilter(among=ids) if ids else view.wanted
        await leads.log_access(self._pool, None, actor(user).name, "export")
        headers = {"Content-Disposition": 'attachment; filename="leads.csv"'}
        separator = separator_of(self._pages.preferences(request).language)
        return StreamingResponse(self._csv(wanted, separator), media_type="text/csv; charset=utf-8", headers=headers)

    async def _csv(self, wanted: LeadFilter, separator: str) -> AsyncIterator[str]:
        yield BEGIN + line(EXPORTED, separator)
        async for lead in lead_list.every(self._pool, wanted):
            known = dict(lead) | {"phone": shown(lead["phone"]) if lead["phone"] else None}
            yield line([cell(known[name], is_phone=name in PHONES) for name in EXPORTED], separator)
