"""Operations on customers: the contract of a CRM, on leads."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dashboard.api.leads import Plain, Query, Several
from dashboard.api.models import Email, Phone, Strict, Text, Whole, Words
from dashboard.api.operation import Answer, Call, Operation, uuid_of
from dashboard.api.problems import Problem
from dashboard.live import Hub
from store import customers
from store.customers import Exists, KeyReused, Request, Wanted
from store.postgres import Pool

Standing = Literal["active", "past", "lead", "cold"]
Year = Annotated[int, Field(ge=1900, le=2999)]
SEARCH_RESULTS = 50


def _iso(value: object) -> object:
    """A number is no date, whatever it might be counted from."""
    if not isinstance(value, str) or len(value) != len("2026-11-23"):
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

    suggested: list[str] = Field(description="What a person holds: what was said of it became a suggestion for them.")


class Meta(BaseModel):
    """Which page, and how many there are in all."""

    total: int
    page: int
    per_page: int


class CustomerPage(BaseModel):
    """The newest first."""

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
    per_page: Annotated[int, Field(ge=1, le=200)] = 50


class SearchQuery(Query):
    q: Annotated[str, Plain, Field(max_length=200)] = Field("", description="A name, an e-mail, a number in any form.")
    limit: Annotated[int, Field(ge=1, le=SEARCH_RESULTS)] = 10


class CustomerPatch(Strict):
    """What to set; null empties, a word left out stays as it is. `notes` is added to the notes that are there."""

    name: Annotated[Words, Field(max_length=200)] | None = None
    email: Email | None = None
    phone: Phone | None = None
    address: Annotated[Words, Field(max_length=500)] | None = None
    city: Annotated[Words, Field(max_length=200)] | None = None
    state: Annotated[Words, Field(max_length=100)] | None = None
    zip: Annotated[Words, Field(max_length=20)] | None = None
    services: Annotated[list[Annotated[Words, Field(max_length=200)]], Field(max_length=20)] | None = None
    seasons: Annotated[list[Annotated[Year, Whole]], Field(max_length=100)] | None = None
    status: Standing | None = None
    last_service_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None = None
    notes: Annotated[Text, Field(max_length=10_000)] | None = None
    source: Annotated[Words, Field(max_length=100)] | None = None


class NewCustomer(CustomerPatch):
    """Needs a phone or an e-mail."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("phone", "email")]
        }
    )


class CustomerOperations:
    def __init__(self, pool: Pool, hub: Hub) -> None:
        self._pool = pool
        self._hub = hub

    def table(self) -> list[Operation]:
        read, write = ("customers:read", "viewer"), ("customers:write", "sales")
        return [
            Operation("GET", "/customers", "listCustomers", "Customers, the newest first", *read, self.list, CustomerPage, query=CustomersQuery),
            Operation("GET", "/customers/search", "searchCustomers", "Customers by name, e-mail or number", *read, self.search, CustomerPage, query=SearchQuery),
            Operation("GET", "/customers/{id}", "getCustomer", "One customer", *read, self.get, Customer, problems=(404,)),
            Operation("POST", "/customers", "createCustomer", "A customer who never wrote by WhatsApp", *write, self.create, Customer, body=NewCustomer, status=201, idempotent=True, problems=(409,)),
            Operation("PATCH", "/customers/{id}", "patchCustomer", "Set what is known of a customer", *write, self.patch, PatchedCustomer, body=CustomerPatch, if_match="may", idempotent=True, problems=(404, 409, 412)),
        ]  # fmt: skip

    async def list(self, call: Call) -> Answer:
        query: CustomersQuery = call.query
        wanted = Wanted(
            query.status, query.services, query.not_signed_for_season, query.last_service_before, query.city
        )
        found = await customers.page(self._pool, wanted, number=query.page, size=query.per_page)
        meta = Meta(total=found.total, page=query.page, per_page=query.per_page)
        return Answer(CustomerPage(customers=[_customer(row) for row in found.customers], meta=meta))

    async def search(self, call: Call) -> Answer:
        query: SearchQuery = call.query
        found = [_customer(row) for row in await customers.search(self._pool, query.q, limit=query.limit)]
        return Answer(CustomerPage(customers=found, meta=Meta(total=len(found), page=1, per_page=query.limit)))

    async def get(self, call: Call) -> Answer:
        return _answer(await customers.read(self._pool, uuid_of(call.path["id"])))

    async def patch(self, call: Call) -> Answer:
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

    async def create(self, call: Call) -> Answer:
        said = _said(call.body)
        try:
            made = await customers.create(self._pool, said, by=call.caller.actor, request=_request(call, said))
        except Exists as there:
            raise _there_already(there) from None
        except KeyReused as reused:
            raise _used_before(reused) from None
        self._hub.forget()
        return _answer(made)


def _request(call: Call, asked: dict[str, Any]) -> Request | None:
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
    return Problem(409, "Used before", f"{reused}. Use a new one for each.")


def _said(patch: CustomerPatch) -> dict[str, Any]:
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def _customer(row: Any) -> Customer:
    return Customer.model_validate(dict(row) | {"id": str(row["id"])})


def _answer(row: Any) -> Answer:
    one = _customer(row)
    return Answer(one, one.version)
