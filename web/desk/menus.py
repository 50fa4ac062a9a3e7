"""What the list's menus offer: owners, times to snooze until, views that the user saved."""

from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from domain.field_kinds import NotAllowed
from domain.lead import STATUSES
from domain.lead_filter import NOBODYS
from domain.snooze import CHOICES
from store.access.accounts import User
from store.leads import lead_list, saved_views
from store.postgres import Pool
from web.forms import form, pairs
from web.live import Hub
from web.query import FILTERS
from web.render import Pages
from web.words import told, translator

OWNERS_SECONDS: Final = 30.0
SNOOZES: Final = {
    "hours": "in three hours", "tomorrow": "tomorrow at 9", "monday": "next Monday at 9", "week": "in a week",
    "handled": "handled, until they write", "wake": "back to the inbox",
}  # fmt: skip
assert tuple(SNOOZES) == (*CHOICES, "wake")


class Menus:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def of(self, user: User) -> dict[str, Any]:
        """What a page of the list is rendered with."""
        saved = [
            {"id": row["id"], "name": row["name"], "query": urlencode(orjson.loads(row["query"]))}
            for row in await saved_views.of(self._pool, user.id)
        ]
        return {
            "saved": saved,
            "owners": [(NOBODYS, "nobody"), *((name, name) for name in await self.owners())],
            "snoozes": tuple(SNOOZES.items()),
            "states": tuple((one, one) for one in STATUSES),
        }

    async def owners(self) -> list[str]:
        """Who can look after leads."""

        async def fetch() -> list[str]:
            return await lead_list.owners(self._pool)

        found: list[str] = await self._hub.shared(("owners",), fetch, seconds=OWNERS_SECONDS)
        return found

    async def save(self, request: Request, user: User) -> Response:
        """Keep the filter of the page that asks, under a name."""
        given = await form(request)
        asked = pairs(given.get("query", ""))
        kept = {name: asked[name] for name in (*FILTERS, "view", "sort") if name in asked}
        try:
            await saved_views.save(self._pool, user.id, given.get("name", ""), kept)
        except NotAllowed as error:
            return PlainTextResponse(told(error, translator(self._pages.preferences(request).language)), 422)
        return RedirectResponse(f"/?{urlencode(kept)}", 303)

    async def delete(self, request: Request, user: User) -> Response:
        await saved_views.delete(self._pool, user.id, request.path_params["id"])
        return RedirectResponse("/", 303)
