"""The lead list: a page of it that stays fresh."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.lead_filter import LeadReader
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.knowledge import articles
from store.knowledge.articles import MessageHit
from store.leads import lead_list
from store.postgres import Pool
from web.access import actor
from web.desk.chat import around
from web.desk.list_views import ListViews
from web.desk.menus import Menus
from web.desk.panel import Panel
from web.desk.tabs import Tabs
from web.live import Hub
from web.preferences import Preferences
from web.query import (
    FILTERS,
    cursor_text,
    narrowings,
    sort_of,
    toggled,
    with_changes,
)
from web.render import Pages, live, tag_of

PAGE = 50
KNOWN = 200
"""So many rows of a browser are compared with what it is sent."""
ASKED: Final = (*FILTERS, "view", "sort", "after")
NO_FILTERS: Final = dict.fromkeys(FILTERS)
# Placeholder for "read" or "unread", filled in for each viewer, so that the row is rendered once for all.
READ_MARK = "\ue000"
# Placeholder for the hash of the row: browsers keep a row whose hash is unchanged.
TAG_MARK = "\ue001"


class Row(NamedTuple):
    """A lead of the list, as HTML for everybody; its tag says whether a browser has it."""

    id: UUID
    tag: str
    html: str
    last_inbound_at: Any
    reads: Mapping[str, Any]


class Desk:
    def __init__(
        self, pool: Pool, pages: Pages, hub: Hub, *, views: ListViews, tabs: Tabs, panel: Panel, menus: Menus,
        access_log: AccessLog,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._pages = pages
        self._hub = hub
        self._views = views
        self._tabs = tabs
        self._panel = panel
        self._access_log = access_log
        self._menus = menus

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        opened = await self._panel.opened(request, user, query.get("lead"), query.get("at"))
        counted, bar = await self._tabs.render(request, user, wait=False)
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

    # -- made once for all who look

    async def _rows(self, request: Request, user: User, *, known: frozenset[str] = frozenset()) -> str:
        prefer, reader = self._pages.preferences(request), LeadReader(user.id, user.since)
        query = dict(request.query_params)
        view = await self._views.of(query, user)

        async def fetch() -> lead_list.ListedLeads:
            return await lead_list.page(self._pool, view.wanted, after=view.after, limit=PAGE, order=view.order)

        # `wanted` holds who said the words, not the words: two searches may find the same leads.
        key = (str(view.wanted), tuple(view.chat_words), view.after, view.order)

        async def make() -> tuple[lead_list.ListedLeads, list[Row]]:
            page: lead_list.ListedLeads = await self._hub.shared(("page", key), fetch)
            near = {lead["id"]: view.where[lead["id"]] for lead in page.leads if lead["id"] in view.where}
            hits = await articles.messages_of_hits(self._pool, near, " ".join(view.chat_words))
            return page, [self._row(prefer, lead, view.chat_words, hits.get(lead["id"])) for lead in page.leads]

        page, rows = await self._hub.shared(("rows", key, prefer), make)
        asked = {name: query[name] for name in ASKED if name in query}
        self._access_log.note(actor(user).name, "list", asked, [lead["id"] for lead in page.leads], live=True)
        html = "".join(_for_reader(row, reader, known) for row in rows)
        begin = self._pages.render(
            "rows_begin.html", prefer, page=page, strange=view.strange, chat_words=view.chat_words
        )
        return begin + html + self._pages.render("rows_end.html", prefer, query=query, change=with_changes, page=page,
                                         no_filters=NO_FILTERS,
                                         narrowed=any(query.get(name) for name in FILTERS),
                                         next=cursor_text(page.next) if page.next else None)  # fmt: skip

    def _row(self, prefer: Preferences, lead: asyncpg.Record, words: Sequence[str], hit: MessageHit | None) -> Row:
        pieces = around(hit.text, *words) if hit else []
        html = self._pages.render(
            "row.html", prefer, lead=lead, read_mark=READ_MARK, tag_mark=TAG_MARK, signals=orjson.loads,
            at=hit.message_id if hit else None, pieces=pieces,
        )  # fmt: skip
        return Row(
            lead["id"],
            tag_of(html)[:10],
            html,
            lead["last_inbound_at"],
            orjson.loads(lead["reads"]) if lead["reads"] else {},
        )


def _for_reader(row: Row, reader: LeadReader, known: frozenset[str]) -> str:
    """The row with its viewer's mark; only its place, where the browser has the rest."""
    read = "unread" if is_unread(row.last_inbound_at, row.reads, reader) else "read"
    tag = f"{row.tag}{read[0]}"
    if tag in known:
        return f'<tr id="lead-{row.id}" data-same></tr>'
    return row.html.replace(READ_MARK, read, 1).replace(TAG_MARK, tag, 1)


def is_unread(last_inbound_at: Any, reads: Mapping[str, Any], reader: LeadReader) -> bool:
    """Whether something came in since that user last saw the lead, or since they came here."""
    if last_inbound_at is None or last_inbound_at <= reader.since:
        return False
    seen = reads.get(str(reader.id))
    return seen is None or last_inbound_at > datetime.fromisoformat(seen)
