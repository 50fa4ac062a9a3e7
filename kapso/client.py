"""Kapso's REST API: both of its bases and both ways of paging, patient with a service that is slow and rate-limited.

It asks `spend` before each request, so that all processes together stay within the key's limit.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from domain.body import parsed_json

PLATFORM = "/platform/v1"
META = "/meta/whatsapp/v24.0"
EVERYTHING = "kapso(default)"
PAGE = 100
TRIES = 4
LONGEST_RETRY_AFTER = 120.0


class Priority(IntEnum):
    """Who goes first when the limit is near."""

    REPAIR = 0
    FRESH = 1
    VERIFY = 2


Spend: TypeAlias = Callable[[Priority], Awaitable[None]]
Punish: TypeAlias = Callable[[float], Awaitable[None]]


class KapsoError(Exception):
    """The text says what happened, without what was asked for."""


class KapsoUnavailable(KapsoError):
    """Kapso did not answer in time, or answered 429, 5xx or no such JSON as it documents. The caller tries later."""


class Limited(KapsoUnavailable):
    """429: the key's limit is spent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"rate limit reached, come back in {seconds:g} s")
        self.seconds = seconds


class KapsoRefused(KapsoError):
    """401 or 403: the key is not taken. Trying again can't help."""


class Gone(KapsoError):
    """404: it is not there, or no longer."""


class Rejected(KapsoError):
    """Another 4xx: the question is wrong."""


class KapsoPage(NamedTuple):
    """`next` is the cursor of the page behind it; None on the last."""

    items: list[dict[str, Any]]
    next: str | None


class Client:
    """One key of one project. Times are sent as ISO 8601 UTC."""

    def __init__(
        self, *, url: str, key: str, spend: Spend, punish: Punish, timeout: float = 20, first_pause: float = 2
    ) -> None:
        """`spend` waits until one request is allowed. After a 429, `punish` blocks all processes for the given seconds.
        `timeout` and `first_pause` are in seconds.
        """
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers={"X-API-Key": key, "Accept": "application/json"}, timeout=timeout
        )
        self._spend = spend
        self._punish = punish
        self._first_pause = first_pause

    async def close(self) -> None:
        await self._http.aclose()

    # -- what there is to ask

    async def messages(
        self, phone_number_id: str, since: datetime, until: datetime, after: str | None, priority: Priority
    ) -> KapsoPage:
        """Made within the window, newest first. Their statuses are as of now."""
        asked = {"since": _iso(since), "until": _iso(until), "fields": EVERYTHING}
        return await self._page(f"{META}/{phone_number_id}/messages", asked, after, priority)

    async def conversations(
        self, phone_number_id: str, since: datetime, until: datetime, after: str | None, priority: Priority
    ) -> KapsoPage:
        """Last active within the window, newest first; they move to the front while one reads."""
        asked = {"last_active_since": _iso(since), "last_active_until": _iso(until), "fields": EVERYTHING}
        return await self._page(f"{META}/{phone_number_id}/conversations", asked, after, priority)

    async def events(self, since: datetime, until: datetime, after: str | None, priority: Priority) -> KapsoPage:
        """Project events that occurred within the window."""
        asked = {"occurred_after": _iso(since), "occurred_before": _iso(until)}
        return await self._page(f"{PLATFORM}/events", asked, after, priority)

    async def executions(
        self, workflow_id: str, since: datetime, until: datetime, after: str | None, priority: Priority
    ) -> KapsoPage:
        """Bot runs made within the window. Those that just end trigger no webhook."""
        asked = {"created_after": _iso(since), "created_before": _iso(until)}
        return await self._page(f"{PLATFORM}/workflows/{workflow_id}/executions", asked, after, priority)

    async def variables(self, execution_id: str, priority: Priority) -> dict[str, Any]:
        """What the bot knew in one of its runs. Raises Gone."""
        answer = await self.ask("GET", f"{PLATFORM}/workflow_executions/{execution_id}", priority)
        context = _object(answer.get("data")).get("execution_context")
        known = context.get("vars") if isinstance(context, dict) else None
        return known if isinstance(known, dict) else {}

    async def contacts(self, after: str | None, priority: Priority) -> KapsoPage:
        """All of them, newest first; there is no filter for edits."""
        return await self._page(f"{PLATFORM}/whatsapp/contacts", {}, after, priority)

    async def contact(self, id: str, priority: Priority) -> dict[str, Any]:
        """Raises Gone."""
        return _object((await self.ask("GET", f"{PLATFORM}/whatsapp/contacts/{id}", priority)).get("data"))

    async def failed_deliveries(self, after: str | None, priority: Priority) -> KapsoPage:
        """Kapso's own log of the last day, newest first: when and for which number, without the payload."""
        asked = {"status": "failed", "period": "24h"}
        return await self._page(f"{PLATFORM}/webhook_deliveries", asked, after, priority)

    async def phone_numbers(self, priority: Priority) -> list[dict[str, Any]]:
        return await self._all_numbered_pages(f"{PLATFORM}/whatsapp/phone_numbers", {}, priority)

    async def webhooks(self, phone_number_id: str | None, priority: Priority) -> list[dict[str, Any]]:
        """Of one number, or the project's own."""
        return await self._all_numbered_pages(_webhooks(phone_number_id), {}, priority)

    async def make_webhook(self, phone_number_id: str | None, settings: dict[str, Any]) -> dict[str, Any]:
        return await self._webhook("POST", _webhooks(phone_number_id), settings)

    async def change_webhook(self, id: str, settings: dict[str, Any]) -> dict[str, Any]:
        return await self._webhook("PATCH", f"{PLATFORM}/whatsapp/webhooks/{id}", settings)

    # -- how it is asked

    async def ask(self, method: str, path: str, priority: Priority, **more: Any) -> dict[str, Any]:
        """The JSON object of the answer. Raises a KapsoError, after the retries that make sense.

        A POST is tried again only after 429: if only the answer was lost, a second one would create a second object.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Limited if method == "POST" else KapsoUnavailable),
            wait=self._pause,
            stop=stop_after_attempt(TRIES),
            reraise=True,
        ):
            with attempt:
                await self._spend(priority)
                return await self._once(method, path, **more)
        raise AssertionError("tenacity ends by returning or raising")

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Limited):
            return error.seconds
        return wait_exponential_jitter(multiplier=self._first_pause, jitter=self._first_pause / 2)(state)

    async def _once(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise KapsoUnavailable(f"no answer ({type(error).__name__})") from None
        code = answer.status_code
        if code == 429:
            seconds = _retry_after(answer)
            await self._punish(seconds)
            raise Limited(seconds)
        if code in (401, 403):
            raise KapsoRefused(f"answered {code}: KAPSO_API_KEY is not (or no longer) a key of this project")
        if code == 404:
            raise Gone("answered 404: not there")
        if code >= 500:
            raise KapsoUnavailable(f"answered {code}")
        if code >= 400:
            raise Rejected(f"answered {code}")
        # Parse like a webhook body, so that both ways store the same value, and an odd character costs no list.
        parsed = parsed_json(answer.content) if answer.content else {}
        if parsed is None:
            raise KapsoUnavailable("answered something else than JSON (a proxy's page?)")
        return _object(parsed)

    async def _page(self, path: str, asked: dict[str, Any], after: str | None, priority: Priority) -> KapsoPage:
        params = asked | {"limit": PAGE} | ({"after": after} if after else {})
        return _page(await self.ask("GET", path, priority, params=params))

    async def _all_numbered_pages(self, path: str, asked: dict[str, Any], priority: Priority) -> list[dict[str, Any]]:
        """Lists that are paged by number."""
        found: list[dict[str, Any]] = []
        for number in range(1, 1000):
            answer = await self.ask("GET", path, priority, params=asked | {"page": number, "per_page": PAGE})
            items = _items(answer)
            found += items
            pages = (answer.get("meta") or {}).get("total_pages")
            if not items or (number >= pages if isinstance(pages, int) else len(items) < PAGE):
                break
        return found

    async def _webhook(self, method: str, path: str, settings: dict[str, Any]) -> dict[str, Any]:
        answer = await self.ask(method, path, Priority.REPAIR, json={"whatsapp_webhook": settings})
        return _object(answer.get("data"))


async def pages(
    read: Callable[[str | None], Awaitable[KapsoPage]], after: str | None = None
) -> AsyncIterator[KapsoPage]:
    """Page by page until there is no next one, one is empty, or a cursor comes again."""
    seen: set[str | None] = {after}
    while True:
        page = await read(after)
        if page.next in seen or not page.items:
            page = page._replace(next=None)
        yield page
        if page.next is None:
            return
        after = page.next
        seen.add(after)


def _page(answer: dict[str, Any]) -> KapsoPage:
    """Cursors may still be set on the last page: what counts is whether there is a `next`."""
    paging = answer.get("paging")
    paging = paging if isinstance(paging, dict) else {}
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else paging.get("after")
    more = paging.get("next") if "next" in paging or isinstance(cursors, dict) else after
    return KapsoPage(_items(answer), str(after) if after and more else None)


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    data = answer.get("data")
    if not isinstance(data, list):
        raise KapsoUnavailable("answered a list without data")
    return [item for item in data if isinstance(item, dict)]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise KapsoUnavailable("answered something else than an object")
    return value


def _retry_after(answer: httpx.Response) -> float:
    try:
        return min(max(float(answer.headers.get("Retry-After", "60")), 0.1), LONGEST_RETRY_AFTER)
    except ValueError:
        return 60.0


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _webhooks(phone_number_id: str | None) -> str:
    of = "" if phone_number_id is None else f"/phone_numbers/{phone_number_id}"
    return f"{PLATFORM}/whatsapp{of}/webhooks"
