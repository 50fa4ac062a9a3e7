"""The lead list: a page of it that stays fresh, its counts, and all of it as CSV."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from domain.lead_fields import LEAD_FIELDS
from domain.lead_filter import LeadFilter, LeadReader
from domain.phone import shown
from domain.search import CHOICES
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.leads import lead_list, leads
from store.postgres import Pool
from web.access import actor
from web.desk.menus import Menus
from web.desk.panel import Panel
from web.desk.said import SearchInChats
from web.forms import ids_of
from web.live import Hub
from web.preferences import Preferences
from web.query import (
    DAYS,
    FILTERS,
    SINGLE,
    View,
    cursor_text,
    narrowings,
    sort_of,
    toggled,
    values,
    view_of,
    with_changes,
)
from web.render import Pages, live, tag_of

PAGE = 50
MANY = 100
"""More leads than that under a tab are not counted."""
COUNTED = ("unread", "mine", "nobodys", "snoozed")
KNOWN = 200
"""So many rows of a browser are compared with what it is sent."""
NO_FILTERS: Final = dict.fromkeys(FILTERS)
Counts: TypeAlias = dict[str, dict[str, int]]
COUNTS_SECONDS = 3.0
# Placeholder for "read" or "unread", filled in for each viewer, so that the row is rendered once for all.
READ_MARK = "\ue000"
# Placeholder for the hash of the row: browsers keep a row whose hash is unchanged.
TAG_MARK = "\ue001"
NUMBER = re.compile(r"\+[0-9][0-9 -]*")
# Spreadsheets of countries that write 1,5 expect this between cells.
SEPARATORS = {"id": ";"}
COLUMNS = (
    "id", "name", "phone", "username", "status", "lead_temperature", "lead_score", "score_because", "chat_phase",
    "domisili", "business_type", "urgency_level", "pain_points", "objection_raised", "language", "awaiting_reply",
    "last_message_at", "last_message_direction", "last_message_text", "reply_window_ends_at", "last_contact_at",
    "created_at", "converted_at", "came_from", "owner", "tags",
)  # fmt: skip
EXPORTED = tuple(dict.fromkeys((*COLUMNS, *(one.name for one in LEAD_FIELDS if one.is_exported))))


class Row(NamedTuple):
    """A lead of the list, as HTML for everybody; its tag says whether a browser has it."""

    id: UUID
    tag: str
    html: str
    last_inbound_at: Any
    reads: Mapping[str, Any]


class Desk:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, panel: Panel, menus: Menus, access_log: AccessLog) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub
        self._panel = panel
        self._access_log = access_log
        self._menus = menus
        self._chats = SearchInChats(pool, hub)

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        opened = await self._panel.opened(request, user, query.get("lead"), query.get("at"))
        counted, bar = await self._bar(request, user, wait=False)
        text = query.get("q", "").strip()
        return self._pages.page(
            request, "leads.html", user=user, query=query, change=with_changes, toggled=toggled,
            rows=await self._rows(request, user), bar=bar, counted=counted, opened=opened, no_filters=NO_FILTERS,
            narrowed=[*narrowings(query), *([("q", text)] if text else [])], sort=sort_of(query),
            **await self._menus.of(user),
        )  # fmt: skip

    async def rows(self, request: Request, user: User) -> Response:
        """The rows; of those that the browser says it has (`Known`), only their place."""
        known = request.headers.get("known", "").split(",")[:KNOWN]
        return live(request, await self._rows(request, user, known=frozenset(known)))

    async def bar(self, request: Request, user: User) -> Response:
        """The filters with their counts."""
        return live(request, (await self._bar(request, user))[1])

    async def choices(self, request: Request, user: User) -> Response:
        """What the filter menu offers, with counts."""
        query = dict(request.query_params)
        wanted = (await self._view(query, user)).wanted
        counts = await self._counts(wanted, wait=True)
        offered = await lead_list.choices(self._pool, wanted)
        return self._pages.part(request, "choices.html", query=query, counts=counts, offered=offered, closed=CHOICES,
                                days=DAYS, toggled=toggled, on_now=partial(_on_now, query))  # fmt: skip

    async def export(self, request: Request, user: User) -> Response:
        """All that the filter lets through, as the list shows it. Who took it is kept."""
        view = await self._view(dict(request.query_params), user)
        if view.strange:
            return PlainTextResponse(f"Not understood: {' '.join(view.strange)}. Nothing was exported.", 422)
        wanted = view.wanted
        if ids := ids_of(request.query_params.get("ids", "")):
            wanted = replace(wanted, among=ids, snoozed=None)
        await leads.log_access(self._pool, None, actor(user).name, "export")
        headers = {"Content-Disposition": 'attachment; filename="leads.csv"'}
        separator = SEPARATORS.get(self._pages.preferences(request).language, ",")
        return StreamingResponse(self._csv(wanted, separator), media_type="text/csv; charset=utf-8", headers=headers)

    # -- made once for all who look

    async def _view(self, query: Mapping[str, str], user: User) -> View:
        view = view_of(query, LeadReader(user.id, user.since), user.name, datetime.now(UTC))
        wanted, said = await self._chats.resolved(view.wanted)
        return replace(view, wanted=wanted, said=said)

    async def _rows(self, request: Request, user: User, *, known: frozenset[str] = frozenset()) -> str:
        prefer, reader = self._pages.preferences(request), LeadReader(user.id, user.since)
        query = dict(request.query_params)
        view = await self._view(query, user)

        async def fetch() -> lead_list.ListedLeads:
            return await lead_list.page(self._pool, view.wanted, after=view.after, limit=PAGE, order=view.order)

        key = (str(view.wanted), view.after, view.order)

        async def make() -> tuple[lead_list.ListedLeads, list[Row]]:
            page: lead_list.ListedLeads = await self._hub.shared(("page", key), fetch)
            return page, [self._row(prefer, lead) for lead in page.leads]

        page, rows = await self._hub.shared(("rows", key, prefer), make)
        asked = {name: value for name, value in query.items() if name != "lead"}
        self._access_log.note(actor(user).name, "list", asked, [lead["id"] for lead in page.leads], live=True)
        html = "".join(_for_reader(row, reader, known) for row in rows)
        return html + self._pages.render("rows_end.html", prefer, query=query, change=with_changes, page=page,
                                         strange=view.strange, said=view.said, no_filters=NO_FILTERS,
                                         narrowed=any(query.get(name) for name in FILTERS),
                                         next=cursor_text(page.next) if page.next else None)  # fmt: skip

    def _row(self, prefer: Preferences, lead: asyncpg.Record) -> Row:
        html = self._pages.render(
            "row.html", prefer, lead=lead, read_mark=READ_MARK, tag_mark=TAG_MARK, signals=orjson.loads
        )
        return Row(
            lead["id"],
            tag_of(html)[:10],
            html,
            lead["last_inbound_at"],
            orjson.loads(lead["reads"]) if lead["reads"] else {},
        )

    async def _bar(self, request: Request, user: User, *, wait: bool = True) -> tuple[dict[str, int | None], str]:
        """What is counted under the tabs, and the tabs. A page that has just been opened shows counts once they are
        there: counting reads everything."""
        prefer, query = self._pages.preferences(request), dict(request.query_params)
        wanted = (await self._view(query, user)).wanted
        counted = {view: await self._counted(query, view, user, wait=wait) for view in COUNTED}
        counts = await self._counts(wanted, wait=wait)
        inbox = await self._counts((await self._view({**query, "view": ""}, user)).wanted, wait=wait)
        counted[""] = inbox["all"]["all"] if inbox else None
        counted["waiting"] = inbox["waiting"].get("true", 0) if inbox else None
        html = self._pages.render("bar.html", prefer, query=query, counts=counts, counted=counted, choices=CHOICES,
                                  values=values, many=MANY, toggled=toggled, change=with_changes)  # fmt: skip
        return counted, html

    async def _counted(self, query: Mapping[str, str], view: str, user: User, *, wait: bool) -> int | None:
        wanted = (await self._view({**query, "view": view}, user)).wanted

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

    async def _csv(self, wanted: LeadFilter, separator: str) -> AsyncIterator[str]:
        yield "\ufeff" + _line(EXPORTED, separator)  # spreadsheets take it for UTF-8 by this mark
        async for lead in lead_list.every(self._pool, wanted):
            known = dict(lead) | {"phone": shown(lead["phone"]) if lead["phone"] else None}
            yield _line([_cell(known[name]) for name in EXPORTED], separator)


def _for_reader(row: Row, reader: LeadReader, known: frozenset[str]) -> str:
    """The row with its viewer's mark; only its place, where the browser has the rest."""
    read = "unread" if is_unread(row.last_inbound_at, row.reads, reader) else "read"
    tag = f"{row.tag}{read[0]}"
    if tag in known:
        return f'<tr id="lead-{row.id}" data-same></tr>'
    return row.html.replace(READ_MARK, read, 1).replace(TAG_MARK, tag, 1)


def _on_now(query: Mapping[str, str], name: str) -> list[str]:
    """The values that a filter has now."""
    return [query[name]] if name in SINGLE and query.get(name) else values(query, name)


def is_unread(last_inbound_at: Any, reads: Mapping[str, Any], reader: LeadReader) -> bool:
    """Whether something came in since that user last saw the lead, or since they came here."""
    if last_inbound_at is None or last_inbound_at <= reader.since:
        return False
    seen = reads.get(str(reader.id))
    return seen is None or last_inbound_at > datetime.fromisoformat(seen)


def _line(cells: Any, separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerow(cells)
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
