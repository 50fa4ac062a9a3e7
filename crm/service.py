"""`CrmService`: the customers API over HTTP, with the failure rules that its users agreed on."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from crm.interface import CrmCredentials, CrmRefused, CrmUnavailable, Customer, Escalate, Outcome, Page

log = structlog.get_logger(__name__)

PAUSES = (2.0, 4.0, 8.0)
LONGEST_RETRY_AFTER = 60.0
TIMEOUT_SECONDS = 10.0


class _Again(Exception):
    """Worth asking again, after so many seconds if it said so."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


async def _nobody(_: str) -> None:
    pass


class CrmService:
    """Timeouts, 429 and 5xx are tried three times more, after 2, 4 and 8 s or as `Retry-After` says.

    Then it is CrmUnavailable. 401 and 403 are never tried again: CrmCredentials, and `escalate` is told.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        escalate: Escalate = _nobody,
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def query(
        self,
        *,
        status: str | None = None,
        services: list[str] | None = None,
        not_signed_for_season: int | None = None,
        last_service_before: str | None = None,
        city: str | None = None,
        page: int = 1,
        per_page: int = 50,
    ) -> Page:
        wanted = {
            "status": status, "services": ",".join(services or []), "not_signed_for_season": not_signed_for_season,
            "last_service_before": last_service_before, "city": city, "page": page, "per_page": per_page,
        }  # fmt: skip
        given = {name: value for name, value in wanted.items() if value not in (None, "")}
        answer = _good(await self._ask("query", "GET", "/customers", params=given))
        return Page(answer["customers"], **answer["meta"])

    async def find(self, id: str) -> Customer | None:
        answer = await self._ask("find", "GET", f"/customers/{id}", whom=id)
        return None if answer.status_code == 404 else _good(answer)

    async def search(self, q: str) -> list[Customer]:
        found: list[Customer] = _good(await self._ask("search", "GET", "/customers/search", params={"q": q}))[
            "customers"
        ]
        return found

    async def update(self, id: str, values: Mapping[str, Any]) -> Outcome:
        answer = await self._ask("update", "PATCH", f"/customers/{id}", whom=id, json=dict(values))
        return Outcome(False, None, None) if answer.status_code == 404 else _done(_good(answer))

    async def create(self, values: Mapping[str, Any]) -> Outcome:
        # Asked again after a lost answer, it is the same customer.
        key = hashlib.sha256(orjson.dumps([dict(values), time.time_ns()], option=orjson.OPT_SORT_KEYS)).hexdigest()
        answer = await self._ask("create", "POST", "/customers", json=dict(values), headers={"Idempotency-Key": key})
        if answer.status_code == 409 and "location" in answer.headers:
            return Outcome(False, None, answer.headers["location"].rpartition("/")[2])
        return _done(_good(answer))

    async def _ask(self, what: str, method: str, path: str, *, whom: str | None = None, **given: Any) -> httpx.Response:
        began = time.perf_counter()
        outcome = "unavailable"
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_Again), stop=stop_after_attempt(1 + len(PAUSES)), wait=_pause,
                sleep=self._sleep, reraise=True,
            ):  # fmt: skip
                with attempt:
                    answer = await self._once(method, path, **given)
            outcome = str(answer.status_code)
        except _Again as error:
            raise CrmUnavailable(f"the CRM does not answer ({error}), asked {1 + len(PAUSES)} times") from None
        finally:
            seconds = round(time.perf_counter() - began, 3)
            tell = log.info if outcome.startswith("2") else log.warning
            tell("crm", what=what, whom=whom, seconds=seconds, outcome=outcome)
        if answer.status_code in (401, 403):
            text = f"the CRM answered {answer.status_code}: check the credential, its scopes and whether it was revoked"
            await self._escalate(text)
            raise CrmCredentials(text)
        return answer

    async def _once(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **given)
        except httpx.TransportError as error:
            raise _Again(type(error).__name__) from None
        if answer.status_code == 429 or answer.status_code >= 500:
            said = answer.headers.get("retry-after", "")
            seconds = min(float(said), LONGEST_RETRY_AFTER) if said.isdigit() else None
            raise _Again(str(answer.status_code), seconds)
        return answer


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    said = error.seconds if isinstance(error, _Again) else None
    return PAUSES[min(state.attempt_number, len(PAUSES)) - 1] if said is None else said


def _good(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json()
    problem = answer.json()
    wrong = "; ".join(problem.get("errors") or [problem["detail"]])
    raise CrmRefused(f"the CRM answered {answer.status_code}: {wrong}")


def _done(customer: Customer) -> Outcome:
    return Outcome(True, customer, customer["id"])
