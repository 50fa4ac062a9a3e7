"""Customers and handoffs over real HTTP: as pages for people, and what the API refuses."""

from crm.handoff import ContextPacket
from rows.lead import Source
from store import customers
from store.handoffs import PostgresCRMClient
from store.leads import Actor
from store.postgres import Pool
from tests.chats import chat, lead
from tests.dashboard.test_api import problem, program
from tests.desk import signed_in
from tests.helpers import rows

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
    assert {row["action"] for row in await rows(pool, "access_log")} == {"handoffs"}


async def test_who_was_deleted_hides_nobody_of_the_same_name(pool: Pool) -> None:
    for n in range(2):
        await customers.create(pool, {"name": "Zelda Qwertz", "email": f"z{n}@example.com"}, by=AGENT)
    for n in range(2):
        await pool.execute(
            "UPDATE lead_records SET deleted_at = CASE WHEN p.email = $1 THEN now() END"
            " FROM customer_profiles AS p WHERE p.lead_id = id",
            f"z{n}@example.com",
        )
        found = await customers.search(pool, "zelda qwertz", limit=1)
        assert [row["email"] for row in found] == [f"z{1 - n}@example.com"]


async def test_a_key_asks_once(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http:
        headers = {"Idempotency-Key": "order-1"}
        first = await http.post("/customers", json={"name": "Jane", "email": "jane@example.com"}, headers=headers)
        again = await http.post("/customers", json={"name": "Jane", "email": "jane@example.com"}, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        other = await http.post("/customers", json={"name": "Jim", "email": "jim@example.com"}, headers=headers)
        assert problem(other) == (409, "Used before")
        twice = await http.post("/customers", json={"email": "jane@example.com"})
        assert problem(twice) == (409, "There already")
        assert twice.headers["location"].endswith(first.json()["id"])


async def test_a_customer_is_patched_like_a_lead(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    await customers.patch(pool, id, {"address": "Jl. Merdeka 1"}, version=None, by=BUDI)
    async with program(pool, redis_url, database_url) as http:
        read = await http.get(f"/customers/{id}")
        done = await http.patch(f"/customers/{id}", json={"address": "Jl. Lain 2", "zip": "40111"},
                                headers={"If-Match": read.headers["etag"]})  # fmt: skip
        # What a person typed stays; the agent's word is a suggestion beside it.
        assert (done.json()["address"], done.json()["zip"]) == ("Jl. Merdeka 1", "40111")
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
        page = (await http.get("/customers", params={"page": 5})).json()
        assert (page["customers"], page["meta"]["total"]) == ([], 1)
    (suggestion,) = await rows(pool, "lead_suggestions")
    assert (suggestion["field"], suggestion["value"]) == ("address", "Jl. Lain 2")
    changes = {(row["field"], row["actor"]) for row in await rows(pool, "lead_changes")}
    assert {("address", "user:budi"), ("zip", "key:orchestrator")} <= changes
