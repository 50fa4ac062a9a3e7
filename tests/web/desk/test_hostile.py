"""What strangers send: broken headers, numbers without end, NUL, ids of other leads, users who may not."""

import asyncio
import json
from uuid import UUID

import httpx
import pytest

from domain.lead import Claim, Source
from domain.next_step import SuggestedStep
from store.access import api_keys
from store.leads import leads, next_steps
from store.leads.lead_records import Write, locked, write
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import lead
from tests.desk import NUMBER, client, cookie, says, signed_in, user, web
from tests.helpers import rows

OTHER = "6281200000001"
BUDI = Actor(Source.HUMAN, "user:budi")
AI = Actor(Source.AI, "rules")
LAST = "0001-01-01T00:00:00+14:00"


async def two(pool: Pool) -> tuple[UUID, UUID]:
    await says(pool, "halo", name="Rina")
    await says(pool, "pagi", number=OTHER, name="Joko")
    return (await lead(pool, number=NUMBER))["id"], (await lead(pool, number=OTHER))["id"]


async def suggested(pool: Pool, id: UUID) -> int:
    async with pool.acquire() as connection, connection.transaction():
        record = await locked(connection, id)
        assert record
        claim = Claim("domisili", "Bandung", AI.source, AI.name)
        await write(connection, [Write(record, suggestions=[claim])])
    found: int = await pool.fetchval("SELECT id FROM lead_suggestions WHERE lead_id = $1", id)
    return found


async def test_an_unknown_answer_decides_nothing(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    step = await next_steps.propose(pool, rina, SuggestedStep("TASK", {"title": "call"}), by=AI)
    suggestion = await suggested(pool, rina)
    async with signed_in(pool, redis_url, database_url) as http:
        for path in (
            f"/suggestions/{step}/explode", f"/leads/{rina}/steps/{step}/explode",
            f"/leads/{rina}/suggestions/{suggestion}/explode",
        ):  # fmt: skip
            assert (await http.post(path)).status_code == 404, path
    assert [row["status"] for row in await rows(pool, "next_steps")] == ["PENDING"]
    assert [row["state"] for row in await rows(pool, "lead_suggestions")] == ["open"]


async def test_what_belongs_to_another_lead_is_not_written_here(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, joko = await two(pool)
    step = await next_steps.propose(pool, rina, SuggestedStep("TASK", {"title": "call"}), by=AI)
    suggestion, note = await suggested(pool, rina), await leads.add_note(pool, rina, "wants a demo", by=BUDI)
    async with signed_in(pool, redis_url, database_url) as http:
        for path, given in (
            (f"/leads/{joko}/steps/{step}/approve", {}),
            (f"/leads/{joko}/suggestions/{suggestion}/accept", {}),
            (f"/leads/{joko}/notes", {"text": "never", "corrects": str(note)}),
        ):
            assert (await http.post(path, data=given)).status_code == 404, path
    assert [row["status"] for row in await rows(pool, "next_steps")] == ["PENDING"]
    assert [row["state"] for row in await rows(pool, "lead_suggestions")] == ["open"]
    assert [row["text"] for row in await rows(pool, "lead_notes")] == ["wants a demo"]


async def test_a_note_corrected_by_two_at_once_is_corrected_by_one(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    rina, _ = await two(pool)
    note = await leads.add_note(pool, rina, "wants a demo", by=BUDI)
    async with signed_in(pool, redis_url, database_url) as http:
        given = [{"text": f"on {day}", "corrects": str(note)} for day in ("Monday", "Tuesday", "Friday")]
        answers = await asyncio.gather(*(http.post(f"/leads/{rina}/notes", data=one) for one in given))
    assert sorted(one.status_code for one in answers) == [200, 404, 404]


@pytest.mark.parametrize("owner", ["eve", "mallory", "nobody at all"])
async def test_only_who_can_change_leads_owns_them(pool: Pool, redis_url: str, database_url: str, owner: str) -> None:
    rina, _ = await two(pool)
    await user(pool, "eve", "viewer")
    await user(pool, "mallory")
    await pool.execute("UPDATE users SET disabled_at = now() WHERE name = 'mallory'")
    async with signed_in(pool, redis_url, database_url, role="admin") as http:
        field = {"field": "owner", "was": "", "value": owner}
        assert (await http.post(f"/leads/{rina}/field", data=field)).status_code == 422
        many = {"ids": str(rina), "act": "owner", "value": owner}
        assert (await http.post("/leads/many", data=many)).status_code == 422
        assert (await http.post("/owners", data={"kind": "everybody", "owners": owner})).status_code == 422
    assert (await lead(pool, number=NUMBER))["owner"] is None
    assert await rows(pool, "owner_rules") == []


async def test_a_step_that_was_carried_out_can_not_fail(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    step = await next_steps.propose(pool, rina, SuggestedStep("TASK", {"title": "call"}), by=AI)
    async with signed_in(pool, redis_url, database_url) as http:
        for verdict, status in (("approve", 200), ("done", 200), ("failed", 409), ("done", 404)):
            answer = await http.post(f"/suggestions/{step}/{verdict}")
            assert answer.status_code == status, verdict
            if status == 409:
                # A page shows it in a toast, and keeps the row and what is typed in it.
                assert (answer.headers["HX-Reswap"], answer.text) == ("none", "")
                assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"]


async def test_an_export_of_ids_that_are_none_exports_nobody(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        for ids in ("", "garbage", "1,2"):
            answer = await http.get(f"/leads.csv?ids={ids}")
            assert (answer.status_code, "Rina" in answer.text) == (422, False)
        answer = await http.get(f"/leads.csv?ids={rina}")
        assert ("Rina" in answer.text, "Joko" in answer.text) == (True, False)


async def test_a_cell_that_computes_is_a_text_but_a_number_is_a_number(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="+1-1")
    async with signed_in(pool, redis_url, database_url) as http:
        assert ",'+1-1,+62 812-3456-7890," in (await http.get("/leads.csv")).text


async def answers_well(http: httpx.AsyncClient, method: str, path: str, **more: object) -> None:
    answer = await http.request(method, path, **more)  # type: ignore[arg-type]
    assert answer.status_code < 500, (method, path, answer.status_code)
    assert "Content-Security-Policy" in answer.headers


async def test_nul_digits_and_broken_headers_break_nothing(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    long = "9" * 5000
    async with signed_in(pool, redis_url, database_url) as http:
        for path in (
            f"/suggestions/{long}/approve", f"/tickets/{long}", f"/knowledge/{long}", f"/views/{long}/delete",
            f"/leads/{rina}?shown={LAST.replace('+', '%2B')}", "/leads/%00", "/?q=%00",
        ):  # fmt: skip
            await answers_well(http, "GET", path)
            await answers_well(http, "POST", path)
        raw = {"Content-Type": "application/x-www-form-urlencoded"}
        for path, body in (
            (f"/leads/{rina}/notes", b"text=a\0b"), (f"/leads/{rina}/notes", b"text=a%0%000b"), ("/views", b"name=a\0&query=q%3D%2500"),
            (f"/leads/{rina}/field", b"field=domisili&was=&value=Ban\0dung"), (f"/leads/{rina}/tags", b"add=a%00b"),
            ("/login", b"name=%0%000&password=x\0y"),
        ):  # fmt: skip
            await answers_well(http, "POST", path, content=body, headers=raw)
        for headers in ({"HX-Request": "true", "HX-Current-URL": "http://["}, {"Origin": "http://["}):
            await answers_well(http, "GET", "/", headers=headers)
        assert (await http.head("/")).status_code == 200
    async with web(redis_url, database_url) as base, client(base) as http:
        await answers_well(http, "GET", "/leads/rows", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
        del http.headers["Sec-Fetch-Site"]
        http.headers["Cookie"] = await cookie(pool)
        assert (await http.post("/views", headers={"Origin": "http://["})).status_code == 403
    assert (await lead(pool, number=NUMBER))["domisili"] == "Bandung"


async def test_a_long_note_of_the_widest_characters_is_kept(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        assert (await http.post(f"/leads/{rina}/notes", data={"text": "🎉" * 10_000})).status_code == 200
    assert [len(row["text"]) for row in await rows(pool, "lead_notes")] == [10_000]


async def test_messages_of_a_deleted_lead_are_out_of_sight_with_it(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    message = await says(pool, "halo", name="Rina", id="wamid.secret")
    await user(pool)
    key = await api_keys.add(pool, "reader", ["messages:read"])
    async with web(redis_url, database_url) as base, client(base) as http:
        http.headers["Authorization"] = f"Bearer {key}"
        assert (await http.get(f"/api/v1/messages/{message}")).status_code == 200
        await leads.delete(pool, (await lead(pool, number=NUMBER))["id"], by=BUDI)
        assert (await http.get(f"/api/v1/messages/{message}")).status_code == 404


async def test_filters_that_contradict_each_other_show_nobody(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        await user(pool, "siti")
        await leads.patch(pool, rina, {"owner": "siti"}, version=None, by=BUDI)
        for query, shown in (
            ("view=mine&owner=siti", False), ("view=nobodys&owner=siti", False), ("owner=siti&q=owner:budi", False),
            ("q=owner:,", False), ("q=tag:,", False), ("status=archived&q=status:new", False),
            ("owner=siti", True), ("q=owner:siti", True), ("status=new,archived&q=status:new", True),
        ):  # fmt: skip
            assert ("Rina" in (await http.get(f"/leads/rows?{query}")).text) is shown, query


async def test_a_lead_s_own_address_is_a_page_and_an_approved_step_is_never_pushed_out(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    rina, _ = await two(pool)
    steps = [
        await next_steps.propose(pool, rina, SuggestedStep("TASK", {"title": f"step {n}"}), by=AI) for n in range(6)
    ]
    await next_steps.approve(pool, steps[0] or 0, by=BUDI)
    async with signed_in(pool, redis_url, database_url) as http:
        answer = await http.get(f"/leads/{rina}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/?lead={rina}&view=all")
        panel = (await http.get(f"/leads/{rina}")).text
        assert ("step 0" in panel, "step 5" in panel) == (True, True)


async def test_the_board_of_one_owner_counts_all_columns(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        await leads.patch(pool, rina, {"owner": "budi"}, version=None, by=BUDI)
        await leads.set_status(pool, rina, "archived", by=BUDI)
        columns = (await http.get("/board?view=mine", headers={"HX-Request": "true"})).text
        assert "Rina" in columns.partition('data-status="archived"')[2]


async def test_a_refused_write_offers_no_link_to_its_address(pool: Pool, redis_url: str, database_url: str) -> None:
    rina, _ = await two(pool)
    async with signed_in(pool, redis_url, database_url, role="viewer") as http:
        page = {"Accept": "text/html"}
        answer = await http.post(f"/leads/{rina}/notes", headers=page)
        assert (answer.status_code, "Try again" in answer.text) == (403, False)
        answer = await http.get("/owners", headers=page)
        assert (answer.status_code, "Try again" in answer.text) == (403, True)
