"""One search over everything: people, what was said, pages."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.lead_filter import LeadFilter, LeadReader, narrowed_by_search
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.knowledge import articles
from store.leads import lead_list
from store.leads.lead_list import ListedLeads
from store.postgres import Pool
from web.access import actor
from web.desk.knowledge import marked
from web.desk.search_in_chats import SearchInChats
from web.live import Hub
from web.render import Pages
from web.words import translator

PEOPLE, CHATS = 6, 5
NOBODY: Final = ListedLeads([], None)
LONGEST: Final = 200
SHORTEST_FOR_CHATS: Final = 3
PAGES: Final = {
    "/": "Inbox", "/?view=waiting": "Waiting", "/?view=mine": "Mine", "/board": "Board", "/tasks": "Tasks",
    "/suggestions": "Next steps", "/tickets": "Tickets", "/handoffs": "Handoffs", "/customers": "Customers",
    "/overview": "Overview", "/knowledge": "Knowledge", "/deleted": "Deleted leads",
}  # fmt: skip
OPERATORS_PAGES: Final = {
    "/ops": "Operations", "/ops/letters": "Failed events", "/ops/trace": "Trace", "/ops/replays": "Replays",
    "/ops/reconcile": "Reconcile",
}  # fmt: skip


class QuickSearch:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._chats = SearchInChats(pool, hub)
        self._pages = pages

    async def everywhere(self, request: Request, user: User) -> Response:
        """What stands below the search field while somebody types."""
        text = request.query_params.get("q", "").replace("\0", "").strip()[:LONGEST]
        t = translator(self._pages.preferences(request).language)
        asked = narrowed_by_search(LeadFilter(), text, LeadReader(user.id, user.since))
        wanted = (await self._chats.resolved(asked.wanted)).wanted
        found = await lead_list.page(self._pool, wanted, limit=PEOPLE) if text else NOBODY
        plain = bool(asked.wanted.parts) and not asked.strange and len(text) >= SHORTEST_FOR_CHATS
        said = (await articles.search_chats(self._pool, None, text, limit=CHATS)).rows if plain else []
        people = [] if found.guessed and said else found.leads
        if people or said:
            ids = [*(one["id"] for one in people), *(one["lead_id"] for one in said)]
            self._access_log.note(actor(user).name, "search", {"q": text}, ids, live=True)
        known = PAGES | (OPERATORS_PAGES if user.may("operator") else {})
        places = [(path, name) for path, name in known.items() if text and text.lower() in t(name).lower()]
        return self._pages.part(
            request,
            "found.html",
            text=text,
            people=people,
            said=said,
            places=places,
            strange=asked.strange,
            marked=marked,
        )
