"""`CrmService`: the customers API over HTTP, with the failure rules that its users agreed on."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from kapso_crm.interface import (
    LOG,
    CrmCredentials,
    CrmRefused,
    CrmUnavailable,
    Customer,
    Customers,
    Escalate,
    Outcome,
    Page,
    note,
    wanted,
)

PAUSES = (2.0, 4.0, 8.0)
# Longer pauses are the CRM's own, and stand for all calls.
LONGEST_RETRY_AFTER = 60.0
MOST_PATIENCE = 86_400.0
LARGEST_PAGE = 200
REFUSED = "CRM authentication failed: check credentials"
TIMEOUT_SECONDS = 10.0


class _Again(Exception):
    """Worth asking again, after so many seconds if it said so."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class _Later(Exception):
    """The CRM wants to be left alone for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def log_error(text: str) -> None:
    """Log a refused credential. The default of `escalate`."""
    LOG.error(text)


class _NoQuery(logging.Filter):
    """httpx logs whole URLs at INFO; what stands behind the ? is a name, a number or an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(one.copy_with(query=None) if isinstance(one, httpx.URL) else one for one in record.args)
        return True


NO_QUERY = _NoQuery()


class CrmService:
    """Call the customers API over HTTP.

    Connection errors, timeouts, 5xx and 429 are retried three times, after 2, 4 and 8 s, or after the `Retry-After` of
    a 429. If the last attempt fails too, the call raises CrmUnavailable.

    If `Retry-After` is above 60 s, this call and all that start meanwhile wait that long, then try again. A call that
    would wait more than a day in total raises CrmUnavailable. 401 and 403 are not retried: the call runs `escalate` (by
    default it logs an error) and raises CrmCredentials. A retry after a lost response creates nothing twice.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        escalate: Escalate = log_error,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`url` is that of the web process, `key` an API key with the scopes customers:read and customers:write."""
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_SECONDS,
        )
        self._escalate = escalate
        self._sleep = sleep
        self._resumes_at = 0.0
        logging.getLogger("httpx").addFilter(NO_QUERY)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def query(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> Customers:
        given = wanted(filters, named)
        if "page" in given:
            one = await self._page(given)
            return Customers(one.customers, one.total)
        return await self._all(given)

    async def _all(self, given: dict[str, Any]) -> Customers:
        """Fetch all pages. The newest `total` says how many there are, so customers created meanwhile are included."""
        given = {"per_page": LARGEST_PAGE, **given}
        found: dict[str, Customer] = {}
        number, total = 1, 1
        while (number - 1) * given["per_page"] < total:
            page = await self._page(given | {"page": number})
            found |= {one["id"]: one for one in page.customers}
            number, total = number + 1, page.total
        return Customers(list(found.values()), total)

    async def _page(self, given: dict[str, Any]) -> Page:
        answer = _good(await self._ask("query", "GET", "/customers", params=given))
        return Page(answer["customers"], **answer["meta"])

    async def find(self, id: str) -> Customer | None:
        return await self._ask_of("find", "GET", id)

    async def search(self, q: str) -> list[Customer]:
        answer = _good(await self._ask("search", "GET", "/customers/search", params={"q": q}))
        found: list[Customer] = answer["customers"]
        return found

    async def update(self, id: str, values: Mapping[str, Any], *, version: int | None = None) -> Outcome:
        headers = _only_once() | ({"If-Match": f'"{version}"'} if version is not None else {})
        customer = await self._ask_of("update", "PATCH", id, json=dict(values), headers=headers)
        if customer is None:
            return Outcome(False, None, None)
        suggested = tuple(customer.pop("suggested", ()))
        return Outcome(True, customer, customer["id"], suggested)

    async def create(self, values: Mapping[str, Any]) -> Outcome:
        answer = await self._ask("create", "POST", "/customers", json=dict(values), headers=_only_once())
        if answer.status_code == 409 and (there := _made(answer)):
            return Outcome(False, None, there)
        customer = _good(answer)
        return Outcome(True, customer, customer["id"])

    async def _ask_of(self, what: str, method: str, id: str, **given: Any) -> Customer | None:
        """None, and a warning, where there is no such customer."""
        if not _is_id(id):
            note(logging.WARNING, what=what, whom="no id", seconds=0, outcome="404")
            return None
        answer = await self._ask(what, method, f"/customers/{id}", whom=id, **given)
        return None if answer.status_code == 404 else _good(answer)

    async def _ask(self, what: str, method: str, path: str, *, whom: str | None = None, **given: Any) -> httpx.Response:
        began = time.perf_counter()
        outcome = "unavailable"
        try:
            answer = await self._patiently(method, path, **given)
            outcome = str(answer.status_code)
            whom = whom or _made(answer)
        except _Again as error:
            raise CrmUnavailable(f"the CRM does not answer ({error}), asked {1 + len(PAUSES)} times") from None
        finally:
            seconds = round(time.perf_counter() - began, 3)
            level = logging.INFO if outcome.startswith("2") else logging.WARNING
            note(level, what=what, whom=whom, seconds=seconds, outcome=outcome)
        if answer.status_code in (401, 403):
            text = f"{REFUSED} (it answered {answer.status_code}: the key, its scopes, and whether it was revoked)"
            await self._escalate(text)
            raise CrmCredentials(text)
        return answer

    async def _patiently(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Once the CRM may be asked. Raises _Again, CrmUnavailable."""
        waited = 0.0
        while True:
            waited += await self._turn()
            try:
                return await self._tried(method, path, **given)
            except _Later as later:
                if waited + later.seconds > MOST_PATIENCE:
                    text = f"the CRM wants to be left alone for {later.seconds:.0f} s: ask again then"
                    raise CrmUnavailable(text, later.seconds) from None
                note(logging.WARNING, what="queue", seconds=later.seconds, outcome="429")
                self._resumes_at = time.monotonic() + later.seconds

    async def _turn(self) -> float:
        """Wait for the time at which the CRM may be asked again; returns the seconds that took."""
        until = self._resumes_at
        pause = max(0.0, until - time.monotonic())
        if pause:
            await self._sleep(pause)
            if self._resumes_at == until:
                self._resumes_at = 0.0
        return pause

    async def _tried(self, method: str, path: str, **given: Any) -> httpx.Response:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(_Again), stop=stop_after_attempt(1 + len(PAUSES)), wait=_pause,
            sleep=self._sleep, reraise=True,
        ):  # fmt: skip
            with attempt:
                return await self._once(method, path, **given)
        raise AssertionError("tenacity ends in an answer or an error")

    async def _once(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **given)
        except httpx.RequestError as error:
            raise _Again(type(error).__name__) from None
        if answer.status_code == 429:
            seconds = _retry_after(answer)
            if seconds and seconds > LONGEST_RETRY_AFTER:
                raise _Later(seconds)
            raise _Again("429", seconds)
        if answer.status_code >= 500:
            raise _Again(str(answer.status_code))
        return answer


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    said = error.seconds if isinstance(error, _Again) else None
    return PAUSES[min(state.attempt_number, len(PAUSES)) - 1] if said is None else said


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds or a date, as the header may say either; None where it says neither."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _only_once() -> dict[str, str]:
    """The same for all attempts of one call: asked again after a lost answer, nothing is done twice."""
    return {"Idempotency-Key": uuid4().hex}


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _made(answer: httpx.Response) -> str | None:
    """Who was created, or was there already."""
    if answer.status_code == 409:
        return answer.headers.get("location", "").rpartition("/")[2] or None
    return str(_good(answer)["id"]) if answer.status_code == 201 else None


def _good(answer: httpx.Response) -> Any:
    try:
        said = answer.json()
    except ValueError:
        raise CrmRefused(f"the CRM answered {answer.status_code} and no JSON: is this the URL of a mirror?") from None
    if answer.is_success:
        return said
    problem = said if isinstance(said, dict) else {}
    wrong = "; ".join(problem.get("errors") or [str(problem.get("detail", "it does not say why"))])
    raise CrmRefused(f"the CRM answered {answer.status_code}: {wrong}")
