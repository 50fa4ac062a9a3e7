"""Thumbs, bad lines and colleagues, in a real Chromium: what a hand does while something else happens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from domain.lead import Source
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import extracted, lead
from tests.desk import NUMBER, says
from tests.helpers import until
from tests.web.desk.test_browser import sitting

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SITI = Actor(Source.HUMAN, "user:siti")
OTHER = "6281200000001"


async def three(pool: Pool) -> None:
    for place, name in enumerate(("Rina", "Joko", "Wati")):
        at = datetime.now(UTC) - timedelta(minutes=place)
        await says(pool, "halo", name=name, number=NUMBER if name == "Rina" else f"628120000000{place}", at=at)


async def test_a_thumb_selects_by_the_face_and_then_by_the_row(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    async with sitting(pool, browser, redis_url, database_url, **PHONE) as at:
        page, selected = at.page, at.page.locator("#selected")
        await page.locator("#rows tr", has_text="Rina").locator(".face").first.tap()
        await expect(selected).to_contain_text("1 selected")
        await page.locator("#rows tr", has_text="Joko").tap()
        await expect(selected).to_contain_text("2 selected")
        await expect(page.locator("#lead")).to_have_count(0)  # nothing was opened
        await selected.get_by_text("Status").tap()
        await selected.get_by_role("button", name="archived").tap()
        await expect(page.locator("#toast")).to_contain_text("2 leads changed.")
        # Then a tap opens again.
        await page.locator("#rows tr", has_text="Wati").tap()
        await expect(page.locator("#lead h2")).to_contain_text("Wati")
    assert await pool.fetchval("SELECT count(*) FROM leads WHERE status = 'archived'") == 2


async def test_back_closes_the_menu_first_and_then_the_lead(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    async with sitting(pool, browser, redis_url, database_url, **PHONE) as at:
        page, menu = at.page, at.page.locator("#snooze-of")
        await page.locator("#rows tr", has_text="Rina").tap()
        await expect(page.locator("#lead h2")).to_contain_text("Rina")
        await menu.locator("summary").tap()
        await expect(menu.locator(".sheet")).to_be_visible()
        await page.go_back()
        await expect(menu.locator(".sheet")).to_be_hidden()
        await expect(page.locator("#lead h2")).to_contain_text("Rina")
        await page.go_back()
        await expect(page.locator("#panel")).to_be_empty()
        assert "lead=" not in page.url


async def test_a_lead_that_can_not_be_loaded_says_so_and_opens_once_it_can(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    async with sitting(pool, browser, redis_url, database_url) as at:
        page = at.page
        await page.context.set_offline(True)
        await page.get_by_role("link", name="Rina").click()
        await expect(page.locator("#panel")).to_contain_text("Rina")
        await expect(page.locator("#panel")).to_contain_text("could not be loaded")
        # A renewal of the list that was under way does not take the words away.
        await page.evaluate("document.dispatchEvent(new Event('list:changed'))")
        await expect(page.locator("tr.opened")).to_contain_text("Rina")
        await page.locator("#panel [data-close]").click()
        await expect(page.locator("#panel")).to_be_empty()
        assert "lead=" not in page.url
        await page.context.set_offline(False)
        await page.get_by_role("link", name="Rina").click()
        await expect(page.locator("#lead h2")).to_contain_text("Rina")
        await page.go_back()
        await expect(page.locator("#panel")).to_be_empty()
        at.complaints.clear()  # the browser tells of the lost line


async def test_what_a_colleague_saves_under_the_cursor_is_not_mixed_with_what_is_typed(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"domisili": "Bandung"}, version=None, by=SITI)
    async with sitting(pool, browser, redis_url, database_url, f"/?lead={id}") as at:
        field = at.page.locator("#field-domisili")
        await field.focus()
        await field.press("Home")
        await leads.patch(pool, id, {"domisili": "Surabaya"}, version=None, by=SITI)
        await expect(field).to_have_value("Surabaya")
        await at.page.keyboard.type("Jakarta")
        await at.page.keyboard.press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("Jakarta")
    assert (await lead(pool))["domisili"] == "Jakarta"


async def test_a_row_that_holds_still_says_all_that_is_new_in_it(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    async with sitting(pool, browser, redis_url, database_url) as at:
        page, row = at.page, at.page.locator("#rows tr", has_text="Rina")
        await page.locator("#rows").hover()
        id = (await lead(pool))["id"]
        await leads.patch(pool, id, {"owner": "budi", "tags": ["vip"]}, version=None, by=SITI)
        await expect(row.locator("td.tags")).to_contain_text("vip")
        await expect(row.locator("td.owner")).to_contain_text("BU")
        await leads.snooze(pool, id, datetime.now(UTC) + timedelta(days=1), by=SITI, questions=None)
        await expect(row.locator(".gone")).to_have_text("no longer here")
        await leads.snooze(pool, id, None, by=SITI, questions=None)
        await expect(row.locator(".gone")).to_have_count(0)
        await expect(row.locator("td.age time").first).to_be_visible()


async def test_a_row_that_a_search_found_shows_the_words_and_opens_them(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "selamat pagi", name="Rina", at=datetime.now(UTC) - timedelta(minutes=9))
    await says(pool, "kalau garansinya bagaimana?", id="wamid.asked", at=datetime.now(UTC) - timedelta(minutes=8))
    await says(pool, "terima kasih", at=datetime.now(UTC) - timedelta(minutes=7))
    await says(pool, "halo", name="Joko", number=OTHER)
    await extracted(pool)
    async with sitting(pool, browser, redis_url, database_url, "/?view=mine") as at:
        page = at.page
        await page.locator("#search").fill("garansinya")
        await page.keyboard.press("Enter")
        row = page.locator("#rows tr", has_text="Rina")  # not mine, and found: a search looks everywhere
        await expect(row.locator("mark")).to_have_text("garansinya")
        await row.get_by_role("link", name="Rina").click()
        await expect(page.locator("[id='m-wamid.asked']")).to_be_in_viewport()
        assert "at=wamid.asked" in page.url
        await until(lambda: opened(pool))


async def opened(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM access_log WHERE action = 'open'"))


HIDDEN = """
  Object.defineProperty(document, "hidden", { get: () => window.isHidden ?? false });
  window.told = [];
  window.Notification = class { static permission = "granted"; constructor(title, { body }) { window.told.push(`${title}: ${body}`); } };
  localStorage.setItem("told-of-hot", "on");
"""


async def test_who_hides_the_page_is_told_of_a_hot_lead_that_writes(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"lead_temperature": "hot", "lead_score": 90}, version=None, by=SITI)
    async with sitting(pool, browser, redis_url, database_url, scripts=HIDDEN) as at:
        await at.page.locator("#rows").hover()
        await at.page.evaluate("window.isHidden = true")
        await says(pool, "jadi beli!", name="Rina")
        await at.page.wait_for_function("() => window.told.length > 0")
        assert await at.page.evaluate("window.told") == ["Rina: jadi beli!"]


async def test_drafts_of_who_used_this_tab_before_are_gone(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await three(pool)
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.evaluate("sessionStorage.setItem('typed:somebody-else:lead:reply', '[\"secret\", null]')")
        await at.page.reload()
        await expect(at.page.locator("#rows tr").first).to_be_visible()
        assert await at.page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('typed:'))") == []
