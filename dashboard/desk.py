"""The lead list: a page of it that stays fresh, its counts, and all of it as CSV."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard.access import actor
from dashboard.live import Hub
from dashboard.panel import Panel
from dashboard.preferences import Preferences
from dashboard.query import CHOICES, cursor_text, toggled, values, view_of, with_changes
from dashboard.render import Pages, live, tag_of
from store import lead_list, leads
from store.accounts import User
from store.lead_list import Reader
from store.postgres import Pool

PAGE = 50
MANY_UNREAD = 100
Counts: TypeAlias = dict[str, dict[str, int]]
COUNTS_SECONDS = 3.0
# Stands in a row where it is said whether this viewer has read it, so that a row is made once for all.
READ_MARK = "\ue000"
# Stands where a row names what it is made of, so that browsers leave a row alone that is the same.
TAG_MARK = "\ue001"
NUMBER = re.compile(r"\+[0-9]+")
EXPORTED = (
    "id", "name", "phone", "username", "status", "lead_temperature", "lead_score", "score_because", "chat_phase",
    "domisili", "business_type", "urgency_level", "pain_points", "objection_raised", "language", "awaiting_reply",
    "last_message_at", "last_message_direction", "last_message_text", "reply_window_ends_at", "last_contact_at",
    "created_at", "converted_at",
)  # fmt: skip


class Row(NamedTuple):
    """A lead of the list, as HTML for everybody."""

    html: str
    last_inbound_at: Any
    reads: Mapping[str, Any]


class Desk:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, panel: Panel) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub
        self._panel = panel

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        opened = await self._panel.opened(request, user, query.get("lead"))
        return self._pages.page(request, "leads.html", user=user, query=query, change=with_changes,
                                rows=await self._rows(request, user), bar=await self._bar(request, user, wait=False),
                                opened=opened)  # fmt: skip

    async def rows(self, request: Request, user: User) -> Response:
        return live(request, await self._rows(request, user))

    async def bar(self, request: Request, user: User) -> Response:
        """The filters with their counts."""
        return live(request, await self._bar(request, user))

    async def export(self, request: Request, user: User) -> Response:
        """All that the filter lets through, as the list shows it. Who took it is kept."""
        view = view_of(dict(request.query_params), Reader(user.id, user.since))
        await leads.log_access(self._pool, None, actor(user).name, "export")
        headers = {"Content-Disposition": 'attachment; filename="leads.csv"'}
        return StreamingResponse(self._csv(view.wanted), media_type="text/csv; charset=utf-8", headers=headers)

    # -- made once for all who look

    async def _rows(self, request: Request, user: User) -> str:
        prefer, reader = self._pages.preferences(request), Reader(user.id, user.since)
        query = dict(request.query_params)
        view = view_of(query, reader)

        async def fetch() -> lead_list.Page:
            return await lead_list.page(self._pool, view.wanted, after=view.after, limit=PAGE, order=view.order)

        key = (str(view.wanted), view.after, view.order)

        async def make() -> tuple[lead_list.Page, list[Row]]:
            page: lead_list.Page = await self._hub.shared(("page", key), fetch)
            return page, [self._row(prefer, lead) for lead in page.leads]

        page, rows = await self._hub.shared(("rows", key, prefer), make)
        html = "".join(_for_reader(row, reader) for row in rows)
        return html + self._pages.render("rows_end.html", prefer, query=query, change=with_changes, page=page,
                                         strange=view.strange,
                                         next=cursor_text(page.next) if page.next else None)  # fmt: skip

    def _row(self, prefer: Preferences, lead: asyncpg.Record) -> Row:
        html = self._pages.render("row.html", prefer, lead=lead, read_mark=READ_MARK, tag_mark=TAG_MARK)
        return Row(
            html.replace(TAG_MARK, tag_of(html), 1),
            lead["last_inbound_at"],
            orjson.loads(lead["reads"]) if lead["reads"] else {},
        )

    async def _bar(self, request: Request, user: User, *, wait: bool = True) -> str:
        """Counting reads everything: a page that has just been opened shows it once it is there."""
        prefer, reader = self._pages.preferences(request), Reader(user.id, user.since)
        query = dict(request.query_params)
        here = view_of(query, reader).wanted
        anywhere = view_of({**query, "view": ""}, reader).wanted  # what the tabs count among
        counts = await self._counts(here, wait=wait)
        tabs = await self._counts(anywhere, wait=wait)
        mine = replace(anywhere, unread_by=reader)
        unread = await lead_list.how_many(self._pool, mine, most=MANY_UNREAD) if wait else None
        return self._pages.render("bar.html", prefer, query=query, counts=counts, tabs=tabs, choices=CHOICES,
                                  values=values, unread=unread, many=MANY_UNREAD, toggled=toggled,
                                  change=with_changes)  # fmt: skip

    async def _counts(self, wanted: lead_list.Filter, *, wait: bool) -> Counts | None:
        async def count() -> Counts:
            return await lead_list.counts(self._pool, wanted)

        key = ("counts", str(wanted))
        found: Counts | None = (
            await self._hub.shared(key, count, seconds=COUNTS_SECONDS) if wait else self._hub.ready(key)
        )
        return found

    async def _csv(self, wanted: lead_list.Filter) -> AsyncIterator[str]:
        yield "\ufeff" + _line(EXPORTED)  # spreadsheets take it for UTF-8 by this mark
        async for lead in lead_list.every(self._pool, wanted):
            yield _line([_cell(lead[name]) for name in EXPORTED])


def _for_reader(row: Row, reader: Reader) -> str:
    return row.html.replace(READ_MARK, "unread" if is_unread(row.last_inbound_at, row.reads, reader) else "read", 1)


def is_unread(last_inbound_at: Any, reads: Mapping[str, Any], reader: Reader) -> bool:
    """Whether something came in since that user last saw the lead, or since they came here."""
    if last_inbound_at is None or last_inbound_at <= reader.since:
        return False
    seen = reads.get(str(reader.id))
    return seen is None or last_inbound_at > datetime.fromisoformat(seen)


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    """A text that a spreadsheet would take for a formula is kept a text."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    formula = isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") and not NUMBER.fullmatch(text)
    return f"'{text}" if formula else text
