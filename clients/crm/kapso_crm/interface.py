"""What a CRM does for a program, and how it fails. The service and its stand-in both keep to this."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeAlias, overload

LOG = logging.getLogger("kapso_crm")
Customer: TypeAlias = dict[str, Any]
"""As the API says it: id, name, email, phone, address, city, services, status, last_service_date, notes and so on."""
FIELDS: Final = (
    "id", "name", "email", "phone", "address", "city", "state", "zip", "services", "seasons", "status",
    "last_service_date", "notes", "source", "created_at", "version",
)  # fmt: skip
"""What a customer has."""
FILTERS: Final = ("status", "services", "not_signed_for_season", "last_service_before", "city", "page", "per_page")
PER_PAGE: Final = 25
Escalate: TypeAlias = Callable[[str], Awaitable[None]]


class CrmError(Exception):
    """The CRM did not do it; the text says what to do. It names ids, never people."""


class CrmUnavailable(CrmError):
    """It did not answer, though it was asked again and again, or wants to be left alone for `retry_after` seconds."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class CrmCredentials(CrmError):
    """It does not accept our key: asking again is of no use, somebody must look."""


class CrmRefused(CrmError):
    """It answered that this can't be done."""


class _Answer:
    """Read as a dictionary too: outcome["success"]."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class Page(_Answer):
    """One page of the API."""

    customers: list[Customer]
    total: int
    page: int
    per_page: int


class Customers(Sequence[Customer]):
    """The customers that a query found, on one page or on all: `len(found)`, `found[0]`, `for one in found`.

    `total` says how many fit in all.
    """

    def __init__(self, customers: list[Customer], total: int) -> None:
        self.customers = customers
        self.total = total

    @overload
    def __getitem__(self, at: int) -> Customer: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Customer]: ...

    def __getitem__(self, at: int | slice) -> Customer | Sequence[Customer]:
        return self.customers[at]

    def __len__(self) -> int:
        return len(self.customers)


def wanted(filters: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of a query, given as one dictionary or by name. Raises TypeError where one is unknown."""
    found = {**(filters or {}), **named}
    if unknown := set(found) - set(FILTERS):
        raise TypeError(f"query has no filter {', '.join(sorted(unknown))}; there are {', '.join(FILTERS)}")
    return {name: value for name, value in found.items() if value not in (None, "", [])}


@dataclass(frozen=True, slots=True)
class Outcome(_Answer):
    """What became of a write. Where it did not succeed, `id` is the customer who was there already, if one was.

    `suggested` names the fields that a person has set: they were not changed, and the new values became suggestions.
    """

    success: bool
    customer: Customer | None
    id: str | None
    suggested: tuple[str, ...] = ()


class Crm(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: Any) -> None: ...

    async def close(self) -> None: ...

    async def query(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> Customers:
        """Customers that fit, the oldest first: those of all pages, or of the `page` that is asked for.

        Filters, as one dictionary or by name: status, services (a list), not_signed_for_season (a year),
        last_service_before (a date), city, page, per_page.
        """

    async def find(self, id: str) -> Customer | None:
        """None, and a warning in the log, where there is no such customer."""

    async def search(self, q: str) -> list[Customer]:
        """By name (typos are forgiven), e-mail, or a number in any form."""

    async def update(self, id: str, values: Mapping[str, Any], *, version: int | None = None) -> Outcome:
        """Set what is given; None empties, `notes` adds a note. Not a success where there is no such customer.

        With the `version` that was read, CrmRefused when somebody has changed them since.
        """

    async def create(self, values: Mapping[str, Any]) -> Outcome:
        """Needs a phone or an email. Not a success where somebody has it already."""


def note(level: int, **facts: object) -> None:
    """A line of the log: `crm what=find whom=<id> outcome=404`. It names ids, never people."""
    LOG.log(level, "crm %s", " ".join(f"{name}={value}" for name, value in facts.items()))
