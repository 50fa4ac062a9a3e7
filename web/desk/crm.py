"""Pages of the CRM: customers, and what was handed over to a person."""

from typing import Any, get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.customer import STATUSES
from domain.handoff import Level
from domain.phone import Phones
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.crm import customers, handoffs
from store.crm.customers import CustomerQuery
from store.leads import leads
from store.postgres import Pool
from web.access import actor
from web.forms import number
from web.query import with_changes
from web.render import Pages

PAGE = 50
MOST_DELETED = 200
LAST_PAGE = 100_000
LONGEST_SEARCH = 200
LEVELS = get_args(Level)
# As people say it.
STANDINGS = {"active": "customer now", "past": "customer once", "lead": "not yet a customer", "cold": "gone cold"}
REASONS = {
    "hot_lead": "ready to buy", "explicit_request": "asked for a person", "stall": "got stuck",
    "llm_failure": "the bot failed",
}  # fmt: skip
assert tuple(STANDINGS) == STATUSES


class CrmPages:
    def __init__(self, pool: Pool, pages: Pages, phones: Phones, access_log: AccessLog) -> None:
        self._pool = pool
        self._pages = pages
        self._phones = phones
        self._access_log = access_log

    async def customers(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        search = query.get("q", "").strip()[:LONGEST_SEARCH]
        at = max(1, min(number(query.get("page")) or 1, LAST_PAGE))
        status = query.get("status") if query.get("status") in STATUSES else None
        if search:
            found = customers.FoundCustomers(await customers.search(self._pool, search, self._phones, limit=PAGE), 0)
        else:
            wanted = CustomerQuery(status=[status] if status else None)
            found = await customers.page(self._pool, wanted, number=at, size=PAGE, newest_first=True)
        asked = {"q": search, "status": status, "page": at}
        ids = [row["id"] for row in found.customers]
        self._access_log.note(actor(user).name, "search" if search else "list", asked, ids)
        more = at * PAGE < found.total
        return self._pages.page(request, "customers.html", user=user, query=query, found=found, number=at,
                                more=more, status=status, standings=STANDINGS, change=with_changes)  # fmt: skip

    async def deleted(self, request: Request, user: User) -> Response:
        """What was put out of sight, to be brought back."""
        rows = await leads.deleted(self._pool, limit=MOST_DELETED)
        self._access_log.note(actor(user).name, "list", {"page": "deleted"}, [row["id"] for row in rows])
        return self._pages.page(request, "deleted.html", user=user, rows=rows)

    async def handoffs(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        level = query.get("level") if query.get("level") in LEVELS else None
        rows = await handoffs.page(self._pool, level=level, before=number(query.get("before")), limit=PAGE)
        ids = [row["lead_id"] for row in rows if row["lead_id"]]
        self._access_log.note(actor(user).name, "handoffs", {"level": level}, ids, live=True)
        given: dict[str, Any] = {
            "rows": rows, "query": query, "more": len(rows) == PAGE, "reasons": REASONS, "signals": _signals,
            "change": with_changes,
        }  # fmt: skip
        if "hx-request" in request.headers:
            return self._pages.part(request, "handoff_rows.html", **given)
        return self._pages.page(request, "handoffs.html", user=user, level=level, levels=LEVELS, **given)


def _signals(text: str) -> str:
    """Join the names of a handoff's signals. A signal is an object with `type` or `signal`, or a plain text."""
    found = [one.get("type", one.get("signal", "")) if isinstance(one, dict) else one for one in orjson.loads(text)]
    return ", ".join(str(one).replace("_", " ") for one in found if one)
