"""Operations on customers: the contract of a CRM, on leads."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from domain.lead_fields import PROFILE_FIELDS
from domain.phone import Phones
from store.access.access_log import AccessLog
from store.crm import customers
from store.crm.customers import CustomerQuery, Exists, KeyReused, Request
from store.postgres import Pool
from web.api.fields import given, patch_of
from web.api.leads import Plain, Query, Several
from web.api.models import Text
from web.api.operation import Answer, Operation, OperationCall, uuid_of
from web.api.problems import Problem
from web.live import Hub

Standing = Literal["active", "past", "lead", "cold"]
Year = Annotated[int, Field(ge=1900, le=2999)]
SEARCH_RESULTS = 50
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{5,15}(Z|[+-][0-9]{2}:?[0-9]{2})?)?")


def _iso(value: object) -> object:
    """Refuse numbers, which pydantic would read as Unix timestamps, and texts that are not an ISO date."""
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("must be a date like 2026-11-23")
    return value


class Customer(BaseModel):
    """A customer: a contact with its lead, and a profile for what neither has."""

    id: str
    name: str | None
    email: str | None
    phone: str | None = Field(description="E.164 with +.")
    address: str | None
    city: str | None
    state: str | None
    zip: str | None
    services: list[str]
    seasons: list[int] = Field(description="The years for which they signed.")
    status: Standing
    last_service_date: date | None
    notes: str | None = Field(description="All notes as they stand, oldest first, a line each.")
    source: str
    created_at: datetime
    version: int = Field(description="Rises with every change; its ETag.")


class PatchedCustomer(Customer):
    """The customer as it stands after the patch."""

    suggested: list[str] = Field(description="Fields that a person holds: your values for these became suggestions.")


class Meta(BaseModel):
    """Which page, and how many there are in all."""

    total: int
    page: int
    per_page: int


class CustomerPage(BaseModel):
    """The oldest first. A customer created between two requests appears on the last page."""

    customers: list[Customer]
    meta: Meta


class CustomersQuery(Query):
    status: Annotated[list[Standing], Several] = Field([], description="Any of them, separated by commas.")
    services: Annotated[list[Annotated[Text, Field(max_length=200)]], Several] = Field(
        [], description="Who has any of them, separated by commas."
    )
    not_signed_for_season: Year | None = Field(None, description="A year.")
    last_service_before: Annotated[date, BeforeValidator(_iso)] | None = None
    city: Annotated[str, Plain, Field(max_length=200)] | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, Field(ge=1, le=200)] = 25


class SearchQuery(Query):
    q: Annotated[str, Plain, Field(max_length=200)] = Field("", description="A name, an e-mail, a number in any form.")
    limit: Annotated[int, Field(ge=1, le=SEARCH_RESULTS)] = 10


def _moment(value: object) -> object:
    """Parse an ISO date or time; without a zone it is UTC. Refuse numbers: they could be Unix timestamps."""
    if not isinstance(value, str) or not (written := ISO.fullmatch(value.strip())):
        raise ValueError("must be a date or time like 2024-03-01 or 2024-03-01T09:30:00Z")
    at = datetime.fromisoformat(written[0])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Came = Annotated[AwareDatetime, BeforeValidator(_moment)]


class CustomerPatch(patch_of("CustomerFields", ("name", "phone", *PROFILE_FIELDS))):  # type: ignore[misc]
    """What to set; null empties, a word left out stays as it is. `notes` is added to the notes that are there."""

    city: given("domisili") | None = None  # type: ignore[valid-type]
    status: Standing | None = None
    notes: Annotated[Text, Field(max_length=10_000)] | None = None


class NewCustomer(CustomerPatch):
    """Needs a phone or an e-mail. `created_at` says when they came, for imports; a day, or a time (UTC without a zone)."""

    created_at: Annotated[Came, Field(strict=False)] | None = Field(
        None,
        json_schema_extra={
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
                {"type": "null"},
            ]
        },
    )


class CustomerOperations:
    def __init__(self, pool: Pool, hub: Hub, phones: Phones, access_log: AccessLog) -> None:
        self._pool = pool
        self._hub = hub
        self._phones = phones
        self._access_log = access_log

    def table(self) -> list[Operation]:
        read, write = ("customers:read", "viewer"), ("customers:write", "sales")
        return [
            Operation("GET", "/customers", "listCustomers", "Customers, the oldest first", *read, self.list, CustomerPage, query=CustomersQuery),
            Operation("GET", "/customers/search", "searchCustomers", "Customers by name, e-mail or number", *read, self.search, CustomerPage, query=SearchQuery),
            Operation("GET", "/customers/{id}", "getCustomer", "One customer", *read, self.get, Customer, problems=(404,)),
            Operation("POST", "/customers", "createCustomer", "A customer who never wrote by WhatsApp", *write, self.create, Customer, body=NewCustomer, status=201, idempotent=True, problems=(409,)),
            Operation("PATCH", "/customers/{id}", "patchCustomer", "Set what is known of a customer", *write, self.patch, PatchedCustomer, body=CustomerPatch, if_match="may", idempotent=True, problems=(404, 409, 412)),
        ]  # fmt: skip

    async def list(self, call: OperationCall) -> Answer:
        query: CustomersQuery = call.query
        wanted = CustomerQuery(
            query.status, query.services, query.not_signed_for_season, query.last_service_before, query.city
        )
        found = await customers.page(self._pool, wanted, number=query.page, size=query.per_page)
        self._note(call, "list", found.customers)
        meta = Meta(total=found.total, page=query.page, per_page=query.per_page)
        return Answer(CustomerPage(customers=[_customer(row) for row in found.customers], meta=meta))

    async def search(self, call: OperationCall) -> Answer:
        query: SearchQuery = call.query
        rows = await customers.search(self._pool, query.q, self._phones, limit=query.limit)
        self._note(call, "search", rows)
        found = [_customer(row) for row in rows]
        return Answer(CustomerPage(customers=found, meta=Meta(total=len(found), page=1, per_page=query.limit)))

    async def get(self, call: OperationCall) -> Answer:
        row = await customers.read(self._pool, uuid_of(call.path["id"]))
        self._note(call, "read", [row])
        return _answer(row)

    def _note(self, call: OperationCall, action: str, rows: Sequence[Any]) -> None:
        asked = call.query.model_dump(exclude_defaults=True) if call.query else {}
        self._access_log.note(call.caller.actor.name, action, asked, [row["id"] for row in rows])

    async def patch(self, call: OperationCall) -> Answer:
        id, by, said = uuid_of(call.path["id"]), call.caller.actor, _said(call.body)
        try:
            done = await customers.patch(
                self._pool, id, said, version=call.version, by=by, request=_request(call, said | {"id": str(id)})
            )
        except Exists as there:
            raise _there_already(there) from None
        except KeyReused as reused:
            raise _used_before(reused) from None
        self._hub.forget()
        one = PatchedCustomer(**_customer(done.customer).model_dump(), suggested=done.suggested)
        return Answer(one, one.version)

    async def create(self, call: OperationCall) -> Answer:
        said = _said(call.body)
        try:
            made = await customers.create(self._pool, said, by=call.caller.actor, request=_request(call, said))
        except Exists as there:
            raise _there_already(there) from None
        except KeyReused as reused:
            raise _used_before(reused) from None
        self._hub.forget()
        return _answer(made)


def _request(call: OperationCall, asked: dict[str, Any]) -> Request | None:
    if not call.idempotency_key:
        return None
    return Request(call.idempotency_key, hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest())


def _there_already(there: Exists) -> Problem:
    if there.deleted:
        text = f"{there}. POST /api/v1/leads/{there.id}/restore brings them back."
        return Problem(409, "There already", text)
    headers = {"Location": f"/api/v1/customers/{there.id}"}
    return Problem(409, "There already", f"{there}: {there.id}. Patch that one.", headers=headers)


def _used_before(reused: KeyReused) -> Problem:
    return Problem(422, "Used before", f"{reused}. Use a new one for each.")


def _said(patch: CustomerPatch) -> dict[str, Any]:
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def _customer(row: Any) -> Customer:
    return Customer.model_validate(dict(row) | {"id": str(row["id"])})


def _answer(row: Any) -> Answer:
    one = _customer(row)
    return Answer(one, one.version)
