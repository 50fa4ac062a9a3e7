"""What is fetched beside an open lead: messages that hold some words, its conversations and files."""

from starlette.requests import Request
from starlette.responses import Response

from store.access.accounts import User
from store.leads import lead_detail
from store.leads.leads import NotFound
from store.postgres import Pool
from web.access import actor
from web.desk.chat import around
from web.error_pages import NOT_THERE, Refusal
from web.render import Pages

LONGEST_WORDS, HITS = 100, 30


class ChatPages:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    async def belongings(self, request: Request, user: User) -> Response:
        """The client that a lead became, its conversations and its media: fetched when somebody unfolds them."""
        id = request.path_params["id"]
        try:
            found = await lead_detail.belongings(self._pool, id, actor(user))
        except NotFound:
            return Refusal(NOT_THERE, 404)
        return self._pages.part(request, "belongings.html", found=found, id=id)

    async def find(self, request: Request, user: User) -> Response:
        """Messages of this chat that hold some words."""
        words = request.query_params.get("q", "").strip()[:LONGEST_WORDS]
        try:
            lead = await lead_detail.opened(self._pool, request.path_params["id"], actor(user))
        except NotFound:
            return Refusal(NOT_THERE, 404)
        rows = await lead_detail.said(self._pool, lead["contact_id"], words, limit=HITS) if words else []
        return self._pages.part(request, "chat_hits.html", rows=rows, words=words, lead=lead, around=around)
