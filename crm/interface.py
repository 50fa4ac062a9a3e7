"""What a CRM does for a program, and how it fails. The service and its stand-in both keep to this."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Customer: TypeAlias = dict[str, Any]
"""As the API says it: id, name, email, phone, address, city, services, status, last_service_date, notes and so on."""
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
    customers: list[Customer]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, slots=True)
class Outcome(_Answer):
    """What became of a write. Where it did not succeed, `id` is the customer who was there already, if one was.

    `suggested` names what a person holds: that stands as it was, and people see what was said of it as a suggestion.
    """

    success: bool
    customer: Customer | None
    id: str | None
    suggested: tuple[str, ...] = ()


class Crm(Protocol):
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
        """Customers that fit, the newest first."""

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
