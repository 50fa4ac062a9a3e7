"""What browsers and people do that a page must not mind: Back, an ended session, a shared tab, print, composed words."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Page, expect

from store.access import accounts
from store.leads import lead_detail
from store.postgres import Pool
from tests.chats import lead
from tests.desk import PASSWORD, Seat, says, seat, user, web
from tests.helpers import rows
from tests.web.desk.test_browser import OTHER, sitting

pytestmark = pytest.mark.browser
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}


async def opened(at: Seat, text: str = "Rina") -> None:
    await at.page.locator("#rows a[data-lead]", has_text=text).click()
    await expect(at.page.locator("#lead h2")).to_contain_text(text)


async def sign_in(page: Page, name: str) -> None:
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def test_back_closes_the_lead_and_the_list_stays_as_it_was(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await says(pool, "halo", name="Budi", number=OTHER)
    async with sitting(pool, browser, redis_url, database_url, **SMALL) as at:
        await at.open("/?view=waiting")
        await at.page.locator("#rows a[data-lead]", has_text="Rina").tap()
        await expect(at.page.locator("#lead h2")).to_contain_text("Rina")
        assert "lead=" in at.page.url
        await at.page.go_back()
        await expect(at.page.locator("#rows")).to_be_visible()
        await expect(at.page.locator("#lead")).to_have_count(0)
        assert at.page.url.endswith("/?view=waiting")
        await at.page.go_forward()
        await expect(at.page.locator("#lead h2")).to_contain_text("Rina")
        await at.page.get_by_role("button", name="Close the lead").tap()
        await expect(at.page.locator("#rows")).to_be_visible()
        await at.page.wait_for_url("**/?view=waiting")


async def test_a_second_lead_takes_the_place_of_the_first_also_for_back(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await says(pool, "halo", name="Budi", number=OTHER)
    async with sitting(pool, browser, redis_url, database_url) as at:
        for name in ("Rina", "Budi"):
            await opened(at, name)
        await at.page.go_back()
        await expect(at.page.locator("#lead")).to_have_count(0)
        assert "lead=" not in at.page.url


async def test_who_types_when_the_session_ends_comes_back_to_what_was_typed(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.open("/?view=waiting")
        await opened(at)
        await at.page.locator("#note").fill("rang at noon")
        await accounts.change_user(pool, "budi", password=PASSWORD)  # ends all sessions
        with suppress(Error):  # the list may be quicker to notice, and take the page away
            await at.page.evaluate("document.querySelector('.statuses button:enabled').click()")
        await expect(at.page.get_by_text("What you typed is kept in this tab.")).to_be_visible()
        await sign_in(at.page, "budi")
        await expect(at.page.locator("#lead h2")).to_contain_text("Rina")
        assert "view=waiting" in at.page.url
        await expect(at.page.locator("#note")).to_have_value("rang at noon")
        at.complaints.clear()  # the browser tells of the 401


async def test_who_may_no_longer_write_is_told_so_by_board_and_selection(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        for path, act in (
            ("/", lambda: at.page.evaluate("""() => {
                document.querySelector("#rows .select input").click();
                document.querySelector("#selected [data-act=status][data-value=archived]").click(); }""")),
            ("/board", lambda: at.page.locator("[data-move]").first.select_option("archived")),
        ):  # fmt: skip
            await pool.execute("UPDATE users SET role = 'sales' WHERE name = 'budi'")
            await at.open(path)
            await at.page.get_by_text("Rina").first.hover()  # the page is not renewed under a hand
            await pool.execute("UPDATE users SET role = 'viewer' WHERE name = 'budi'")
            await act()
            await expect(at.page.locator("#toast")).to_contain_text("Not done: This needs the role sales")
            at.complaints.clear()  # the browser tells of the 403
    assert await pool.fetchval("SELECT status FROM leads") == "new"


async def test_drafts_are_shown_to_nobody_else_in_the_same_tab(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await user(pool, "siti")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await opened(at)
        await at.page.locator("#note").fill("budi's words")
        await accounts.change_user(pool, "budi", password=PASSWORD)
        with suppress(Error):  # the page may notice it first, and be on its way to the login
            await at.page.reload()
        await at.page.wait_for_url(re.compile("/login"))
        # The session has ended, and the browser may tell so of a request of the page.
        assert all("401" in one for one in at.complaints), at.complaints
        at.complaints.clear()
        await sign_in(at.page, "siti")
        await expect(at.page.locator("#lead h2")).to_contain_text("Rina")
        assert await at.page.locator("#note").input_value() == ""
        await at.page.locator("#note").fill("siti's words")
        await at.page.locator(".top .menu summary").click()
        await at.page.get_by_role("button", name="Sign out").click()
        await at.page.wait_for_url("**/login")
        assert await at.page.evaluate("Object.keys(sessionStorage).length") == 0


async def test_undo_takes_back_nobody_elses_move(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await user(pool, "budi")
    await user(pool, "siti")
    async with (
        web(redis_url, database_url) as base,
        seat(pool, browser, base, "budi") as budi,
        seat(pool, browser, base, "siti") as siti,
    ):
        for at in (budi, siti):
            await at.open()
            await opened(at)
        await budi.page.get_by_role("button", name="contacted").click()
        await expect(budi.page.locator("#toast")).to_contain_text("new → contacted")
        await expect(siti.page.locator(".statuses [aria-pressed=true]")).to_contain_text("contacted")
        await siti.page.get_by_role("button", name="converted").click()
        await expect(siti.page.locator("#toast")).to_contain_text("contacted → converted")
        await budi.page.locator("#toast button").click()
        await expect(budi.page.locator("#toast")).to_contain_text("siti changed this meanwhile. That change stays.")
        assert (await lead(pool))["status"] == "converted"
        await siti.page.locator("#toast button").click()
        await expect(siti.page.locator(".statuses [aria-pressed=true]")).to_contain_text("contacted")
    history = [
        row["actor"]
        for row in await lead_detail.history(pool, (await lead(pool))["id"], limit=10)
        if row["field"] == "status"
    ]
    assert history == ["user:siti", "user:siti", "user:budi"]


async def test_print_shows_the_lead_that_is_open_else_the_list(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "berapa harganya?", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.emulate_media(media="print")
        await expect(at.page.locator("#rows")).to_be_visible()
        await at.page.emulate_media(media="screen")
        await opened(at)
        await at.page.emulate_media(media="print")
        await expect(at.page.locator("#lead h2")).to_be_visible()
        await expect(at.page.locator("#chat").get_by_text("berapa harganya?")).to_be_visible()
        await expect(at.page.locator("#rows")).to_be_hidden()


async def test_enter_ends_the_composition_of_a_word_and_saves_nothing(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina", at=datetime.now(UTC))
    async with sitting(pool, browser, redis_url, database_url) as at:
        await opened(at)
        await at.unfold()
        story = at.page.locator(".field textarea[name=value]").first
        await story.click()
        devtools = await at.page.context.new_cdp_session(at.page)
        await devtools.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
        await at.page.evaluate(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
            " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
        )
        await devtools.send("Input.insertText", {"text": "日本"})
        assert await story.input_value() == "日本"
        assert [row["field"] for row in await rows(pool, "lead_changes")] == []
        await at.page.keyboard.press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("日本")
