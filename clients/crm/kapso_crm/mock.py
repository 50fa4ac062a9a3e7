"""`MockCrm`: a CRM in memory, for people who develop without a mirror. It keeps the same promises."""

import difflib
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Self
from uuid import uuid4

from kapso_crm.interface import FIELDS, PER_PAGE, CrmRefused, Customer, Customers, Outcome, note, wanted

STATUSES = ("active", "past", "lead", "cold")
ALIKE = 0.6
MOST_A_PAGE, MOST_FOUND = 200, 10
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class MockCrm:
    def __init__(self, customers: Iterable[Mapping[str, Any]] = ()) -> None:
        """`customers` are there from the start; what one does not say is filled in."""
        self._customers: dict[str, Customer] = {}
        for one in customers:
            made = _blank() | dict(one)
            self._customers[made["id"]] = made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def close(self) -> None:
        pass

    async def query(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> Customers:
        given = wanted(filters, named)
        status, services, day = given.get("status"), given.get("services"), given.get("last_service_before")
        season, city = given.get("not_signed_for_season"), given.get("city")
        page, per_page = given.get("page", 1), given.get("per_page", PER_PAGE)
        _require(status is None or set(status.split(",")) <= set(STATUSES), f"status must be of: {', '.join(STATUSES)}")
        _require(page >= 1 and 1 <= per_page <= MOST_A_PAGE, f"a page holds 1 to {MOST_A_PAGE}, and the first is 1")
        _require(day is None or _is_day(day), "last_service_before must be a date")
        fitting = [
            dict(one)
            for one in sorted(self._customers.values(), key=lambda one: (one["created_at"], one["id"]))
            if (status is None or one["status"] in status.split(","))
            and (not services or set(services) & set(one["services"]))
            and (season is None or season not in one["seasons"])
            and (day is None or (one["last_service_date"] or "9") < day)
            and (city is None or (one["city"] or "").lower() == city.lower())
        ]
        first = (page - 1) * per_page
        return Customers(fitting[first : first + per_page] if "page" in given else fitting, len(fitting))

    async def find(self, id: str) -> Customer | None:
        if id not in self._customers:
            note(logging.WARNING, what="find", whom=id, outcome="404")
            return None
        return dict(self._customers[id])

    async def search(self, q: str) -> list[Customer]:
        digits = re.sub(r"\D", "", q).lstrip("0")
        if digits and not re.search(r"[a-z@]", q.lower()):
            return [dict(one) for one in self._customers.values() if digits in (one["phone"] or "")]
        parts = q.lower().split()
        exact = [one for one in self._customers.values() if parts and all(part in _words(one) for part in parts)]
        alike = [one for one in self._customers.values() if _likeness(q.lower(), one) >= ALIKE]
        found = exact or sorted(alike, key=lambda one: -_likeness(q.lower(), one))
        return [dict(one) for one in found[:MOST_FOUND]]

    async def update(self, id: str, values: Mapping[str, Any], *, version: int | None = None) -> Outcome:
        if (one := self._customers.get(id)) is None:
            note(logging.WARNING, what="update", whom=id, outcome="404")
            return Outcome(False, None, None)
        if version is not None and version != one["version"]:
            raise CrmRefused(f"changed meanwhile: the version is {one['version']} now")
        _require("created_at" not in values, "created_at stays as it is")
        values = _parsed(values)
        if taken := self._holder(values, but=id):
            raise CrmRefused(f"the customer {taken} has that phone or email")
        _set(one, values)
        return Outcome(True, dict(one), id)

    async def create(self, values: Mapping[str, Any]) -> Outcome:
        _require(bool(values.get("phone") or values.get("email")), "a customer needs a phone or an email")
        values = _parsed(values)
        if taken := self._holder(values):
            return Outcome(False, None, taken)
        one = _blank()
        _set(one, values)
        self._customers[one["id"]] = one
        return Outcome(True, dict(one), one["id"])

    def _holder(self, values: Mapping[str, Any], *, but: str = "") -> str | None:
        """The id of another customer who has that number or address."""
        for one in self._customers.values():
            if one["id"] != but and any(values.get(name) and one[name] == values[name] for name in ("phone", "email")):
                return str(one["id"])
        return None


def _blank() -> Customer:
    return dict.fromkeys(FIELDS) | {
        "id": str(uuid4()), "services": [], "seasons": [], "status": "lead", "source": "mock",
        "created_at": datetime.now(UTC).isoformat(), "version": 0,
    }  # fmt: skip


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise CrmRefused(message)


def _parsed(values: Mapping[str, Any]) -> dict[str, Any]:
    """As they are kept. Raises CrmRefused."""
    strange = set(values) - (set(FIELDS) - {"id", "version"})
    _require(not strange, f"a customer has no {', '.join(sorted(strange))}")
    said = dict(values)
    if said.get("phone"):
        said["phone"] = re.sub(r"[\s().-]", "", said["phone"])
        _require(bool(PHONE.fullmatch(said["phone"])), "phone: must be a number with its country, like +6281234567890")
    if said.get("email"):
        said["email"] = said["email"].strip().lower()
        _require(bool(EMAIL.fullmatch(said["email"])), "email: must be an address like rina@example.com")
    _require(said.get("status") in (None, *STATUSES), f"status must be one of: {', '.join(STATUSES)}")
    _require(
        not (day := said.get("last_service_date")) or _is_day(day), "last_service_date must be a date like 2026-11-23"
    )
    return said


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _set(one: Customer, said: Mapping[str, Any]) -> None:
    values = {name: value for name, value in said.items() if name not in ("status", "created_at") or value}
    notes = "\n".join(filter(None, (one["notes"], values.get("notes"))))
    lists: dict[str, Any] = {name: list(values[name] or []) for name in ("services", "seasons") if name in values}
    one |= {**values, **lists, "notes": notes or None, "version": one["version"] + 1}


def _words(one: Customer) -> str:
    return " ".join(str(one[name]) for name in ("name", "email", "phone") if one[name]).lower()


def _likeness(text: str, one: Customer) -> float:
    known = [str(one[name]).lower() for name in ("name", "email") if one[name]]
    return max((difflib.SequenceMatcher(None, text, word).ratio() for word in known), default=0)
