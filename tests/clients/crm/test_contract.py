"""One suite for the CRM over HTTP and its stand-in in memory: who codes against one can use the other."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from kapso_crm.connect import connect
from kapso_crm.interface import Crm, CrmError, CrmRefused
from kapso_crm.mock import MockCrm
from kapso_crm.service import CrmService
from kapso_crm.task import Task

from domain.lead import Source
from store.access import api_keys
from store.crm import customers
from store.leads.leads import Actor
from store.postgres import Pool
from tests.desk import web

JANE = {
    "name": "Jane Smith", "email": "jane@example.com", "phone": "+6281234567890", "address": "Jl. Merdeka 1",
    "city": "Bandung", "state": "Jawa Barat", "zip": "40111", "services": ["lawn", "snow"], "seasons": [2025],
    "status": "active", "last_service_date": "2025-10-01", "notes": "prefers mornings",
}  # fmt: skip


@pytest.fixture(params=["service", "mock"])
async def crm(request: pytest.FixtureRequest, pool: Pool, redis_url: str, database_url: str) -> AsyncIterator[Crm]:
    if request.param == "mock":
        yield MockCrm()
        return
    key = await api_keys.add(pool, "orchestrator", ["customers:read", "customers:write"])
    async with web(redis_url, database_url) as base, CrmService(base, key) as service:
        yield service


async def test_what_was_created_is_found(crm: Crm) -> None:
    made = await crm.create(JANE)
    assert made.success
    assert made.id
    found = await crm.find(made.id)
    assert found == made.customer
    assert {name: found[name] for name in JANE} == JANE if found else False
    assert await crm.find("00000000-0000-4000-8000-000000000000") is None


async def test_nobody_is_created_twice(crm: Crm) -> None:
    first = await crm.create(JANE)
    for same in ({"phone": JANE["phone"]}, {"email": JANE["email"], "name": "Another"}):
        again = await crm.create(same)
        assert (again.success, again.id) == (False, first.id)
    with pytest.raises(CrmRefused):
        await crm.create({"name": "Nobody"})
    assert (await crm.query()).total == 1


@pytest.mark.parametrize("status", ["active", "past", "lead", "cold"])
async def test_a_customer_moves_to_any_status(crm: Crm, status: str) -> None:
    made = await crm.create({"email": "a@b.id"})
    assert made.customer
    assert made.customer["status"] == "lead"
    moved = await crm.update(made.id or "", {"status": status})
    assert moved.customer
    assert moved.customer["status"] == status
    assert [one["id"] for one in (await crm.query(status=status)).customers] == [made.id]


@pytest.mark.parametrize("first", ["active", "past", "lead", "cold"])
@pytest.mark.parametrize("then", ["active", "past", "lead", "cold"])
async def test_a_customer_goes_from_any_status_to_any(crm: Crm, first: str, then: str) -> None:
    made = await crm.create({"email": "a@b.id", "status": first})
    await crm.update(made.id or "", {"status": then})
    found = await crm.find(made.id or "")
    assert found
    assert found["status"] == then


async def test_an_update_sets_what_is_given_and_empties_what_is_none(crm: Crm) -> None:
    made = await crm.create(JANE)
    done = await crm.update(made.id or "", {"services": [], "zip": None, "city": "Cimahi", "notes": "has a dog"})
    assert done.customer
    assert (done.customer["services"], done.customer["zip"], done.customer["city"]) == ([], None, "Cimahi")
    assert done.customer["notes"] == "prefers mornings\nhas a dog"
    assert done.customer["email"] == JANE["email"]
    assert not (await crm.update("00000000-0000-4000-8000-000000000000", {"city": "Solo"})).success
    with pytest.raises(CrmRefused):
        await crm.update(made.id or "", {"colour": "blue"})


async def test_what_a_person_holds_is_told_apart(pool: Pool, redis_url: str, database_url: str) -> None:
    key = await api_keys.add(pool, "orchestrator", ["customers:read", "customers:write"])
    async with web(redis_url, database_url) as base, CrmService(base, key) as crm:
        made = await crm.create(JANE)
        budi = Actor(Source.HUMAN, "user:budi")
        await customers.patch(pool, UUID(made.id), {"city": "Cimahi"}, version=None, by=budi)
        done = await crm.update(made.id or "", {"city": "Solo", "zip": "1"})
        assert (done.suggested, done.customer) == (("city",), await crm.find(made.id or ""))


async def test_who_read_an_older_version_changes_nothing(crm: Crm) -> None:
    made = await crm.create(JANE)
    assert made.customer
    version = made.customer["version"]
    newer = await crm.update(made.id or "", {"city": "Cimahi"}, version=version)
    with pytest.raises(CrmRefused, match="changed"):
        await crm.update(made.id or "", {"city": "Solo"}, version=version)
    assert await crm.find(made.id or "") == newer.customer


@pytest.mark.parametrize(
    "q",
    ["jane smith", "jane@exmaple.com", "jane", "jnae smith", "jane@example.com", "0812-3456-7890", "+62 812 3456 7890"],
)
async def test_a_customer_is_found_by_whatever_is_known(crm: Crm, q: str) -> None:
    made = await crm.create(JANE)
    await crm.create({"name": "Budi Santoso", "phone": "+6281999999999"})
    assert [one["id"] for one in await crm.search(q)][:1] == [made.id]


async def test_what_is_not_in_order_is_refused(crm: Crm) -> None:
    made = await crm.create(JANE)
    for values in ({"phone": "0812"}, {"email": "nobody"}, {"status": "gone"}, {"last_service_date": "soon"}):
        with pytest.raises(CrmRefused):
            await crm.update(made.id or "", values)
    for asked in ({"status": "bogus"}, {"per_page": 1000}, {"page": 0}, {"last_service_before": "soon"}):
        with pytest.raises(CrmRefused):
            await crm.query(**asked)
    spaced = await crm.create({"phone": "+62 812-3456 7890", "email": "other@example.com"})
    assert (spaced.success, spaced["id"]) == (False, made.id)
    assert (await crm.create({"email": "JANE@Example.com"}))["success"] is False


async def test_filters_and_pages(crm: Crm) -> None:
    ids = []
    for n in range(5):
        made = await crm.create({
            "name": f"Person {n}", "phone": f"+62812000000{n}", "services": ["lawn"] if n % 2 else ["snow"],
            "seasons": [2025, 2026] if n < 3 else [2025], "last_service_date": f"2025-0{n + 1}-01", "city": "Solo",
        })  # fmt: skip
        ids.append(made.id)

    async def found(**wanted: object) -> list[int]:
        by_name, by_dictionary = await crm.query(**wanted), await crm.query(wanted)
        assert list(by_name) == list(by_dictionary)
        return sorted(ids.index(one["id"]) for one in by_name)

    assert await found(services=["lawn"]) == [1, 3]
    assert await found(services=["lawn", "snow"]) == [0, 1, 2, 3, 4]
    assert await found(not_signed_for_season=2026) == [3, 4]
    assert await found(last_service_before="2025-03-01") == [0, 1]
    assert await found(city="solo", services=["snow"]) == [0, 2, 4]
    assert await found(status="active") == []
    page = await crm.query(page=2, per_page=2)
    assert ([one["id"] for one in page], page.total) == (ids[2:4], 5)
    with pytest.raises(TypeError, match="no filter colour"):
        await crm.query(colour="blue")


async def test_a_query_is_a_sequence_of_all_pages(crm: Crm) -> None:
    ids = [(await crm.create({"name": f"Person {n}", "email": f"p{n}@example.com"})).id for n in range(7)]
    found = await crm.query(per_page=3)
    assert (len(found), found[0]["id"], found[-1]["id"]) == (7, ids[0], ids[6])
    assert [one["id"] for one in found] == ids
    assert [one["id"] for one in found[2:4]] == ids[2:4]
    first = await crm.query(page=1)
    assert (len(first), first.total) == (7, 7)


async def test_the_documented_example_is_created_as_it_stands(crm: Crm) -> None:
    made = await crm.create({
        "name": "Jane Smith", "email": "jane@example.com", "phone": "+1 612-555-1234", "address": "12 Elm Street",
        "city": "Minneapolis", "state": "MN", "zip": "55401", "services": ["lawn care"], "status": "past",
        "last_service_date": "2025-09-30", "notes": "gate code at the door", "source": "import",
        "created_at": "2024-03-01T09:30:00Z",
    })  # fmt: skip
    assert made.customer
    assert (made.customer["status"], made.customer["source"]) == ("past", "import")
    assert made.customer["created_at"].startswith("2024-03-01T09:30:00")
    newer = await crm.create({"email": "later@example.com"})
    assert [one["id"] for one in await crm.query()] == [made.id, newer.id]


async def test_a_task_fetches_a_customer_once(crm: Crm) -> None:
    made = await crm.create(JANE)
    task = Task(crm)
    assert (await task.context(made.id or ""))["customer_name"] == "Jane Smith"
    await crm.update(made.id or "", {"name": "Jane Doe"})
    assert (await task.context(made.id or ""))["customer_name"] == "Jane Smith"
    await task.update(made.id or "", {"city": "Solo"})
    assert (await task.context(made.id or ""))["customer_name"] == "Jane Doe"
    context = await task.context(made.id or "")
    assert context["customer_last_service"] == context["customer_last_service_date"] == "2025-10-01"
    gone = await task.context("00000000-0000-4000-8000-000000000000")
    assert gone.keys() == context.keys()
    assert set(gone.values()) == {None}


async def test_the_stand_in_begins_with_customers_that_say_only_what_matters() -> None:
    crm = connect({"CRM_URL": "mock:"})
    assert isinstance(crm, MockCrm)
    crm = MockCrm(customers=[{"name": "Jane"}, {"id": "7", "status": "active", "services": ["lawn"]}])
    assert [(one["name"], one["status"]) for one in await crm.query()] == [("Jane", "lead"), (None, "active")]
    assert (await crm.update("7", {"city": "Solo"})).success
    assert isinstance(connect({"CRM_URL": "http://127.0.0.1:1", "CRM_KEY": "mk_x"}), CrmService)
    with pytest.raises(CrmError, match="set CRM_URL"):
        connect({})


async def test_a_number_that_somebody_has_goes_to_nobody_else(crm: Crm) -> None:
    await crm.create(JANE)
    other = await crm.create({"name": "Jim", "email": "jim@example.com"})
    assert other.id
    with pytest.raises(CrmRefused):
        await crm.update(other.id, {"phone": JANE["phone"]})
    found = await crm.find(other.id)
    assert found is not None
    assert found["phone"] is None


async def test_after_a_conflict_a_task_reads_the_customer_anew(crm: Crm) -> None:
    made = await crm.create(JANE)
    assert made.id
    task = Task(crm)
    before = await task.find(made.id)
    assert before is not None
    await crm.update(made.id, {"city": "Bogor"})
    with pytest.raises(CrmRefused):
        await task.update(made.id, {"city": "Solo"}, version=before["version"])
    again = await task.find(made.id)
    assert again is not None
    await task.update(made.id, {"city": "Solo"}, version=again["version"])
