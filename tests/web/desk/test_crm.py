"""Customers and handoffs over real HTTP: as pages for people, and what the API refuses."""

from uuid import UUID

import pytest

from domain.handoff import ContextPacket
from domain.lead import Source
from domain.phone import Phones
from store.crm import customers
from store.crm.handoffs import PostgresCRMClient
from store.leads import next_steps
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import chat, lead
from tests.desk import signed_in
from tests.helpers import rows
from tests.web.api.test_api import problem, program

AGENT = Actor(Source.AGENT, "key:manager")
BUDI = Actor(Source.HUMAN, "user:budi")
HOSTILE = '<img src=x onerror="alert(1)">'


async def test_people_find_customers_and_handoffs(pool: Pool, redis_url: str, database_url: str) -> None:
    for n in range(3):
        await customers.create(
            pool, {"name": f"{HOSTILE} {n}", "email": f"p{n}@example.com", "status": "active"}, by=AGENT
        )
    packet = ContextPacket(session_id="s", lead_level="hot", handoff_reason="stall", original_reason=HOSTILE,
                           visitor_name=HOSTILE, conversation_summary=HOSTILE)  # fmt: skip
    await PostgresCRMClient(pool).create_lead(packet)
    async with signed_in(pool, redis_url, database_url) as http:
        page = (await http.get("/customers")).text
        assert page.count("@example.com") >= 3
        assert "<img src=x" not in page
        assert "p1@example.com" in (await http.get("/customers", params={"q": "P1@example.com"})).text
        assert "@example.com" not in (await http.get("/customers?status=past")).text
        assert (await http.get("/customers?page=99999999999999999999&status=x")).status_code == 200
        handed = (await http.get("/handoffs?level=hot&before=x")).text
        assert "got stuck" in handed
        assert "<img src=x" not in handed
        assert "Nothing was handed over" in (await http.get("/handoffs?level=cold")).text
    assert "handoffs" in {row["action"] for row in await rows(pool, "access_log")}


async def test_who_was_deleted_hides_nobody_of_the_same_name(pool: Pool) -> None:
    for n in range(2):
        await customers.create(pool, {"name": "Zelda Qwertz", "email": f"z{n}@example.com"}, by=AGENT)
    for n in range(2):
        await pool.execute(
            "UPDATE lead_records SET deleted_at = CASE WHEN p.email = $1 THEN now() END"
            " FROM customer_profiles AS p WHERE p.lead_id = id",
            f"z{n}@example.com",
        )
        found = await customers.search(pool, "zelda qwertz", Phones("ID"), limit=1)
        assert [row["email"] for row in found] == [f"z{1 - n}@example.com"]


async def test_a_key_asks_once(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http:
        headers = {"Idempotency-Key": "order-1"}
        first = await http.post("/customers", json={"name": "Jane", "email": "jane@example.com"}, headers=headers)
        again = await http.post("/customers", json={"name": "Jane", "email": "jane@example.com"}, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        other = await http.post("/customers", json={"name": "Jim", "email": "jim@example.com"}, headers=headers)
        assert problem(other) == (422, "Used before")
        twice = await http.post("/customers", json={"email": "jane@example.com"})
        assert problem(twice) == (409, "There already")
        assert twice.headers["location"].endswith(first.json()["id"])


async def test_a_patch_that_is_asked_again_adds_no_second_note(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        headers = {"Idempotency-Key": "call-7"}
        for _ in range(2):
            done = await http.patch(f"/customers/{id}", json={"notes": "rang at noon"}, headers=headers)
            assert (done.status_code, done.json()["notes"]) == (200, "rang at noon")
        other = await http.patch(f"/customers/{id}", json={"notes": "rang at one"}, headers=headers)
        assert problem(other) == (422, "Used before")
        once = await http.patch(
            f"/customers/{id}", json={"zip": "1"}, headers={"Idempotency-Key": "b", "If-Match": '"99"'}
        )
        assert problem(once) == (412, "Changed meanwhile")
        assert (await http.patch(f"/customers/{id}", json={"zip": "1"}, headers={"Idempotency-Key": "b"})).is_success
    assert len(await rows(pool, "lead_notes")) == 1


async def test_a_number_or_address_that_was_corrected_is_whose_it_is(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo")
    id = str((await lead(pool))["id"])
    await customers.patch(pool, UUID(id), {"phone": "+6281200000777"}, version=None, by=BUDI)
    async with program(pool, redis_url, database_url) as http:
        twin = await http.post("/customers", json={"phone": "+6281200000777"})
        assert (problem(twin)[0], twin.headers["location"].endswith(id)) == (409, True)
        found = (await http.get("/customers/search", params={"q": "0812-0000-0777"})).json()["customers"]
        assert [one["id"] for one in found] == [id]
        await http.post("/handoffs", json={"session_id": "s", "lead_level": "hot", "handoff_reason": "stall",
                                           "visitor_phone": "+6281200000777"})  # fmt: skip
        assert (await http.get("/handoffs")).json()["handoffs"][0]["lead_id"] == id
        rob = (await http.post("/customers", json={"email": "rob@example.com"})).json()["id"]
        taken = await http.patch(f"/customers/{id}", json={"email": "Rob@example.com"})
        assert (problem(taken)[0], taken.headers["location"].endswith(rob)) == (409, True)
        assert (await http.patch(f"/customers/{rob}", json={"email": "rob@example.com", "zip": "1"})).is_success


async def test_who_was_deleted_is_nowhere_until_brought_back(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    row = await lead(pool)
    async with program(pool, redis_url, database_url) as http:
        step = {"lead_id": str(row["id"]), "type": "TASK", "suggested_content": {"title": "ring"}}
        await http.post("/suggestions", json=step)
        draft = (await http.post("/suggestions", json=step | {"draft": True})).json()["id"]
        await http.post("/handoffs", json={"session_id": "s", "lead_level": "hot", "handoff_reason": "stall",
                                           "visitor_phone": row["mirrored_phone"]})  # fmt: skip
        assert len((await http.get("/handoffs")).json()["handoffs"]) == 1
        assert await next_steps.waiting(pool, most=9) == 1
        await http.delete(f"/leads/{row['id']}")
        assert (await http.get("/handoffs")).json()["handoffs"] == []
        assert await next_steps.waiting(pool, most=9) == 0
        assert problem(await http.post(f"/suggestions/{draft}/submit"))[0] == 404
        assert [one["customer_id"] for one in await rows(pool, "processed_messages")] == [None]
        again = await http.post("/customers", json={"phone": row["mirrored_phone"]})
        assert problem(again) == (409, "There already")
        assert "location" not in again.headers
        path = again.json()["detail"].split("POST /api/v1")[1].split()[0]
        assert (await http.post(path)).is_success
        assert (await http.get(f"/customers/{row['id']}")).is_success


async def test_ids_of_contacts_name_their_leads_everywhere(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    row = await lead(pool)
    async with program(pool, redis_url, database_url) as http:
        step = {"lead_id": str(row["contact_id"]), "type": "TASK", "suggested_content": {"title": "ring"}}
        made = await http.post("/suggestions", json=step)
        assert (made.status_code, made.json()["lead_id"]) == (201, str(row["id"]))
        done = await http.patch(f"/customers/{row['contact_id']}", json={"zip": "40111"})
        assert (done.status_code, done.json()["id"]) == (200, str(row["id"]))


async def test_a_session_is_cleared_whatever_it_is_called(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http:
        await http.post("/handoffs", json={"session_id": "web/7?x", "lead_level": "hot", "handoff_reason": "stall"})
        assert (await http.delete("/handoffs/web%2F7%3Fx")).json() == {"cleared": 1}
        assert (await http.get("/handoffs")).json()["handoffs"] == []


async def test_each_look_at_handoffs_is_kept(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url) as http:
        assert (await http.get("/handoffs?before=9", headers={"HX-Request": "true"})).is_success
    assert [row["action"] for row in await rows(pool, "access_log")] == ["handoffs"]


@pytest.mark.parametrize(
    "asked", ["jnae.smith@example.com", "jane.smit@example.com", "jane.smith77@exmaple.com", "jane.smiht77@exampel.com"]
)
async def test_an_email_is_found_however_it_is_mistyped(pool: Pool, asked: str) -> None:
    for email in ("jane.smith77@example.com", "budi.santoso@example.com", "budi2@example.com"):
        await customers.create(pool, {"email": email}, by=AGENT)
    found = await customers.search(pool, asked, Phones("ID"), limit=10)
    assert [row["email"] for row in found] == ["jane.smith77@example.com"]
    assert await customers.search(pool, "nobody.atall@example.com", Phones("ID"), limit=10) == []


async def test_a_customer_is_patched_like_a_lead(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    await customers.patch(pool, id, {"address": "Jl. Merdeka 1", "city": "Bandung"}, version=None, by=BUDI)
    async with program(pool, redis_url, database_url) as http:
        read = await http.get(f"/customers/{id}")
        for _ in range(2):  # asked again, it is told again
            done = await http.patch(f"/customers/{id}", json={"address": "Jl. Lain 2", "city": "Solo", "zip": "40111"},
                                    headers={"If-Match": read.headers["etag"], "Idempotency-Key": "a"})  # fmt: skip
            # What a person typed stays; the agent's word is a suggestion beside it.
            assert (done.json()["address"], done.json()["zip"]) == ("Jl. Merdeka 1", "40111")
            assert done.json()["suggested"] == ["address", "city"]
        stale = await http.patch(f"/customers/{id}", json={"zip": "1"}, headers={"If-Match": read.headers["etag"]})
        assert problem(stale) == (412, "Changed meanwhile")
        for wrong in (
            {"status": "gone"},
            {"email": "nobody"},
            {"seasons": [1]},
            {"last_service_date": "soon"},
            {"x": 1},
        ):
            assert problem(await http.patch(f"/customers/{id}", json=wrong))[0] == 422, wrong
        told = (await http.patch(f"/customers/{id}", json={"phone": "0812"})).json()
        assert told["errors"] == [
            "phone: is too short for a number of ID; from elsewhere, write it like +62 812 3456 7890"
        ]
        spaced = await http.patch(
            f"/customers/{id}", json={"phone": "+62 (812) 3456-7890", "email": "Rina@Example.com"}
        )
        assert spaced.json()["email"] == "rina@example.com"
        for query in ("page=5", "page=5&status=lead"):
            page = (await http.get(f"/customers?{query}")).json()
            assert (page["customers"], page["meta"]["total"]) == ([], 1)
        (first,) = (await http.get("/customers")).json()["customers"]
        assert first == (await http.get("/customers", params={"status": "lead"})).json()["customers"][0]
    suggested = {row["field"]: row["value"] for row in await rows(pool, "lead_suggestions")}
    assert suggested == {"address": "Jl. Lain 2", "domisili": "Solo"}
    changes = {(row["field"], row["actor"]) for row in await rows(pool, "lead_changes")}
    assert {("address", "user:budi"), ("zip", "key:orchestrator")} <= changes
