"""Next steps, tickets, people on a lead and deleted leads: as pages, by the API, and in a real browser."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from domain.lead import Source
from domain.next_step import SuggestedStep
from store.leads import next_steps
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import chat, conversation, extracted, lead
from tests.desk import is_decided, says, signed_in
from tests.helpers import rows, until
from tests.web.api.test_api import problem, program
from tests.web.desk.test_browser import sitting

SARAH = Actor(Source.BOT, "sarah")
HOSTILE = '<img src=x onerror="alert(1)">'
OTHER = "6281111111111"


async def suggested(pool: Pool, text: str = "Halo Kak") -> int:
    id = await next_steps.propose(
        pool, (await lead(pool))["id"], SuggestedStep("REPLY", {"text": text}, 0.8, HOSTILE), by=SARAH
    )
    assert id is not None
    return id


async def test_a_program_suggests_and_carries_out_what_was_approved(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo")
    id = str((await lead(pool))["id"])
    async with program(pool, redis_url, database_url) as http:
        new = {"lead_id": id, "type": "SEND_EMAIL", "suggested_content": {"to": "a@b.co", "subject": "Hi", "body": "x"}}
        made = await http.post("/suggestions", json=new)
        assert (made.status_code, made.json()["status"], made.json()["actor"]) == (201, "PENDING", "key:orchestrator")
        at = f"/suggestions/{made.json()['id']}"
        content = {"to": "a@b.co", "subject": "Hello", "body": "x"}
        done = await http.post(f"{at}/approve", json={"content": content, "reason": "friendlier"})
        assert (done.json()["status"], done.json()["approved_content"]) == ("MODIFIED", content)
        todo = (await http.get("/suggestions?status=APPROVED,MODIFIED")).json()["suggestions"]
        assert [one["id"] for one in todo] == [made.json()["id"]]
        assert problem(await http.post(f"{at}/reject", json={})) == (409, "Wrong state")
        failed = await http.post(f"{at}/fail", json={"error": "bounced"})
        assert (failed.json()["status"], failed.json()["error"]) == ("FAILED", "bounced")
        draft = await http.post("/suggestions", json=new | {"draft": True})
        assert draft.json()["status"] == "DRAFT"
        assert (await http.post(f"/suggestions/{draft.json()['id']}/submit")).json()["status"] == "PENDING"
        assert problem(await http.post("/suggestions", json=new | {"lead_id": str(uuid4())}))[0] == 404
        wrongs: list[dict[str, object]] = [{"type": "DANCE"}, {"suggested_content": {}}, {"x": 1}, {"confidence": 2}]
        for wrong in wrongs:
            assert problem(await http.post("/suggestions", json=new | wrong))[0] == 422, wrong


async def test_scopes_keep_programs_apart(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = await suggested(pool)
    async with program(pool, redis_url, database_url, "suggestions:read", "suggestions:write", "tickets:read") as http:
        assert (await http.get("/suggestions")).status_code == 200
        assert problem(await http.post(f"/suggestions/{id}/approve", json={}))[0] == 403
        assert problem(await http.post("/tickets", json={}))[0] == 403
        assert problem(await http.delete(f"/leads/{(await lead(pool))['id']}"))[0] == 403


async def test_a_program_works_on_tickets_people_and_conversations(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "kecewa, mesinnya rusak")
    await chat(pool, "saya akuntan", number=OTHER)
    await extracted(pool)
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        made = await http.post("/tickets", json={"conversation_id": conversation(), "subject": "Mesin rusak"})
        assert (made.status_code, made.headers["etag"]) == (201, '"1"')
        at, stale = f"/tickets/{made.json()['id']}", {"If-Match": '"1"'}
        done = await http.patch(at, json={"status": "pending", "priority": "urgent"}, headers=stale)
        assert (done.json()["status"], done.json()["priority"], done.json()["version"]) == ("pending", "urgent", 2)
        assert problem(await http.patch(at, json={"status": "open"}, headers=stale)) == (412, "Changed meanwhile")
        assert [one["id"] for one in (await http.get("/tickets?status=pending")).json()["tickets"]] == [
            made.json()["id"]
        ]
        (felt,) = (await http.get(f"/leads/{id}/conversations")).json()["insights"]
        assert (felt["sentiment"], felt["sentiment_history"][0]["sentiment"]) == ("negative", "negative")
        added = await http.post(f"/leads/{id}/people", json={"who": f"+{OTHER}", "role": "accountant"})
        (one,) = added.json()["people"]
        assert (added.status_code, one["role"]) == (201, "accountant")
        gone = await http.delete(f"/leads/{id}/people/{one['contact_id']}")
        assert gone.json() == {"people": []}


async def test_a_program_deletes_and_restores_a_lead(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        assert problem(await http.delete(f"/leads/{id}", headers={"If-Match": '"9"'}))[0] == 412
        assert (await http.delete(f"/leads/{id}")).json() == {"deleted": str(id)}
        for path in (f"/leads/{id}", f"/leads/{id}/notes", f"/leads/{id}/people", f"/customers/{id}"):
            assert problem(await http.get(path))[0] == 404, path
        assert (await http.get("/leads")).json()["leads"] == []
        back = await http.post(f"/leads/{id}/restore")
        assert (back.json()["id"], back.json()["version"]) == (str(id), 3)
        assert (await http.get("/leads?order=priority")).json()["leads"][0]["id"] == str(id)


async def test_pages_escape_what_others_say(pool: Pool, redis_url: str, database_url: str) -> None:
    await says(pool, "halo", name=HOSTILE)
    await suggested(pool, HOSTILE)
    async with signed_in(pool, redis_url, database_url) as http:
        id = (await lead(pool))["id"]
        await http.post(f"/leads/{id}/tickets", data={"subject": HOSTILE})
        for path in ("/suggestions", "/tickets", f"/leads/{id}", "/tickets?view=x&before=x", "/suggestions?view=x"):
            page = await http.get(path)
            assert (page.status_code, "<img src=x" in page.text) == (200, False), path
        await http.post(f"/leads/{id}/delete")
        gone = (await http.get("/deleted")).text
        assert ("&lt;img" in gone, "<img src=x" in gone, "user:budi" in gone) == (True, False, True)


async def test_viewers_decide_nothing(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    step, id = await suggested(pool), (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url, role="viewer") as http:
        for path in (f"/suggestions/{step}/approve", f"/leads/{id}/delete", f"/leads/{id}/steps/{step}/approve",
                     f"/leads/{id}/people", f"/leads/{id}/tickets", "/tickets/1"):  # fmt: skip
            assert (await http.post(path, data={})).status_code == 403, path
        assert "<textarea" not in (await http.get("/suggestions")).text


@pytest.mark.browser
async def test_a_step_is_reworded_and_approved_beside_the_chat(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await suggested(pool)
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.click("#rows a[data-lead]")
        words = at.page.locator("#lead .suggestion textarea")
        await words.fill("Halo Kak Rina, ada yang bisa dibantu?")
        await says(pool, "ada orang?", name="Rina", at=datetime.now(UTC) + timedelta(seconds=2))
        await expect(at.page.locator("#chat")).to_contain_text("ada orang?")
        await expect(words).to_have_value("Halo Kak Rina, ada yang bisa dibantu?")  # whatever comes in
        await at.page.click("#lead .suggestion >> text=Approve")
        # It stays until somebody says that it is done.
        await at.page.get_by_role("button", name="Done", exact=True).click()
        await expect(at.page.locator("#lead .suggestion")).to_have_count(0)
    (step,) = await rows(pool, "next_steps")
    assert step["done_by"] == "user:budi"
    assert (step["status"], "dibantu" in step["approved_content"]["text"]) == ("MODIFIED", True)


@pytest.mark.browser
async def test_the_list_of_steps_keeps_what_is_typed(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    first = await suggested(pool, "satu")
    async with sitting(pool, browser, redis_url, database_url, path="/suggestions") as at:
        await at.page.fill(f"#text-{first}", "diubah")
        second = await suggested(pool, "dua")
        await says(pool, "lagi", name="Rina", at=datetime.now(UTC) + timedelta(seconds=2))
        await expect(at.page.locator(f"#step-{second}")).to_be_visible()
        await expect(at.page.locator(f"#text-{first}")).to_have_value("diubah")
        await at.page.click(f"#step-{second} >> text=Reject")
        # The row says so, until the list is fetched again: it shows what waits.
        await until(lambda: is_decided(pool, second, "REJECTED"))
        await at.page.click(f"#step-{first} >> text=Approve")
        await until(lambda: is_decided(pool, first, "MODIFIED"))


@pytest.mark.browser
async def test_a_deal_a_ticket_a_person_and_a_lead_that_is_deleted_by_mistake(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=5)
    await says(pool, "saya akuntan", number=OTHER, name="Sari", at=ago)
    await says(pool, "halo", name="Rina", at=ago + timedelta(seconds=5))
    async with sitting(pool, browser, redis_url, database_url) as at:
        page = at.page
        await page.click("#rows a[data-lead] >> text=Rina")
        await at.unfold()
        await page.fill("#field-estimated_value", "Rp 1.500.000")
        await page.press("#field-estimated_value", "Enter")
        await expect(page.locator("#field-estimated_value")).to_have_value("1 500 000")
        await page.fill("#field-predicted_close_probability", "40%")
        await page.press("#field-predicted_close_probability", "Enter")
        await expect(page.locator("#toast")).to_contain_text("40%")
        await page.fill("#field-predicted_close_probability", "lots")
        await page.press("#field-predicted_close_probability", "Enter")
        await expect(page.locator("#lead .wrong").first).to_contain_text("must be a number")
        at.complaints.clear()  # the browser tells of each refusal
        await page.fill("#form-people [name=who]", f"+{OTHER}")
        await page.fill("#form-people [name=role]", "accountant")
        await page.press("#form-people [name=role]", "Enter")
        await expect(page.locator("#section-people li")).to_contain_text("Sari")
        await page.fill("#form-ticket [name=subject]", "Mesin rusak")
        await page.press("#form-ticket [name=subject]", "Enter")
        await expect(page.locator("#section-tickets li")).to_contain_text("Mesin rusak")
        await page.click("#more-of summary")
        await page.click("#lead >> text=Delete this lead")
        await expect(page.locator("#lead")).to_have_count(0)
        await says(
            pool, "halo?", name="Rina", at=ago + timedelta(seconds=9)
        )  # whatever comes in, it stays out of sight
        await expect(page.locator("#rows a[data-lead]")).to_have_count(1)
        await page.click("#toast button")
        await expect(page.locator("#lead h2")).to_have_text("Rina")
        await page.goto(f"{at.base}/tickets")
        await page.select_option("[id^=status-]", "pending")
        await expect(page.locator("[id^=status-]")).to_have_value("pending")
        await until(lambda: is_pending(pool))  # the page shows the choice before the answer comes
    row = await lead(pool)
    assert (row["estimated_value"], round(row["predicted_close_probability"], 2)) == (1_500_000, 0.4)
    assert [row["status"] for row in await rows(pool, "tickets")] == ["pending"]


async def is_pending(pool: Pool) -> bool:
    return [row["status"] for row in await rows(pool, "tickets")] == ["pending"]
