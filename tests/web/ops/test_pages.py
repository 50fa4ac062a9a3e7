"""The operators' pages in a real Chromium."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from store.ops import alarms
from store.ops.drains import report
from store.postgres import Pool, statement
from store.privacy.tombstones import NOBODY_ERASED
from tests.desk import NUMBER, says, seat, user, web
from tests.helpers import bounds, rows
from tests.town import an_earlier_release_failed, town
from workers.jobs.asked_replays import run_asked

pytestmark = pytest.mark.browser


async def test_dead_letters_are_replayed_from_the_page(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await an_earlier_release_failed(pool, 4)
    await user(pool, role="operator")
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        page = at.page
        await at.open("/ops/letters")
        await expect(page.locator("#groups tbody tr")).to_have_count(2)
        await page.get_by_role("link", name="unexpected").click()
        await expect(page.locator("h1")).to_have_text("4 × unexpected")
        body = await page.locator("pre").inner_text()
        assert ('"type": "text"' in body, NUMBER in body) == (True, False)
        # A plan first: nothing changes, and it says what would.
        await expect(page.locator("button.main")).to_have_text("Dry run")
        await page.get_by_role("button", name="Dry run").click()
        await expect(page.locator("#state")).to_have_text("asked")
        await run_asked(pool, release="new", tombstones=NOBODY_ERASED, bounds=bounds)
        await expect(page.locator("#state")).to_have_text("done")
        await expect(page.locator("#progress")).to_contain_text(
            "4 applied, 0 changed nothing, 0 ignored, 0 failed again"
        )
        assert await rows(pool, "messages") == []
        await page.get_by_role("button", name="Replay 4").click()
        await expect(page.locator("#state")).to_have_text("asked")
        await run_asked(pool, release="new", tombstones=NOBODY_ERASED, bounds=bounds)
        await expect(page.locator("#state")).to_have_text("done")
        assert len(await rows(pool, "messages")) == 4
        await page.get_by_role("link", name="Back to the failed events").click()
        await expect(page.locator("main")).to_contain_text("None of this cause is left.")
        # The others can only be put aside.
        await at.open("/ops/letters")
        await page.get_by_role("link", name="malformed").click()
        await page.get_by_text("Discard …").click()
        await page.get_by_role("button", name="Discard 3").click()
        await page.wait_for_url("**/ops/letters/*?state=discarded")
        assert {row["state"] for row in await rows(pool, "dead_letters")} == {"replayed", "discarded"}
        await at.open("/ops/replays")
        await expect(page.locator("#replays tr")).to_have_count(2)
        await expect(page.locator("#replays")).to_contain_text("user:budi")
        assert at.complaints == []


async def test_a_replay_that_waits_is_cancelled_from_the_page(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await an_earlier_release_failed(pool, 2)
    await user(pool, role="operator")
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        await at.open("/ops/letters")
        await at.page.get_by_role("link", name="unexpected").click()
        await at.page.get_by_role("button", name="Replay 2").click()
        await at.page.get_by_role("button", name="Cancel").click()
        await expect(at.page.locator("#state")).to_have_text("cancelled")
        await expect(at.page.locator("#progress")).to_contain_text("Cancelled by user:budi")
        await run_asked(pool, release="new", tombstones=NOBODY_ERASED, bounds=bounds)
    assert await rows(pool, "messages") == []


async def test_the_overview_shows_the_mirror_as_it_is(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo")
    await pool.execute(statement("take_lag_sample"), 0, 0.0)
    await user(pool, role="operator")
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        await at.open("/ops")
        await expect(at.page.locator("#headline")).to_have_text("1 problems need you →")
        await expect(at.page.locator("#status")).to_contain_text("no drain has ever reported")
        await expect(at.page.locator("#chart canvas")).to_be_visible()
        await an_earlier_release_failed(pool, 1)
        await expect(at.page.locator("#status")).to_contain_text("4 dead letters are open")
        await report(pool, 0, datetime.now(UTC), 0.5)
        await expect(at.page.locator("#headline")).to_have_text("4 failed events need you →")
        await alarms.sound(pool, "webhooks", "Kapso paused the webhook")
        await expect(at.page.locator("#incidents")).to_contain_text("stands: webhooks")
        await alarms.clear(pool, "webhooks")
        await at.page.get_by_role("button", name="the last day").click()
        await expect(at.page.locator("#incidents")).not_to_contain_text("stands")
        await expect(at.page.locator("#incidents")).to_contain_text("webhooks")
        await at.page.get_by_role("link", name="Look at failed events").click()
        await at.page.wait_for_url("**/ops/letters")
        assert at.complaints == []


async def test_a_message_is_traced_from_receipt_to_what_was_read_out_of_it(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await town(pool)
    await user(pool, role="operator")
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        await at.open("/ops/trace")
        await at.page.get_by_label("A number").fill("wamid.0.1")
        await at.page.get_by_role("button", name="Look").click()
        steps = await at.page.locator(".timeline li").all_inner_texts()
        said = [next((word for word in ("extracted", "sent", "settled") if f"{word}" in one), one) for one in steps]
        assert set(said) == {"settled", "sent", "extracted"}, steps
        await expect(at.page.locator("#headline")).to_contain_text("It is in the mirror")
        assert "business_type" in " ".join(steps)
        delivery_id = (await rows(pool, "deliveries"))[0]["id"]
        await at.open(f"/ops/trace?q={delivery_id}")
        await expect(at.page.locator("pre")).to_contain_text('"type": "text"')
        await expect(at.page.locator("#headline")).to_contain_text("It was applied")
        await at.open("/ops/trace?q=0812-0034-5678")
        await expect(at.page.locator(".timeline")).to_contain_text("wamid.0.7")
        # An unknown number whose leading zeros go leaves three digits, which stand in many numbers.
        for unknown in ("nobody", "+620000000"):
            await at.open(f"/ops/trace?q={quote(unknown)}")
            await expect(at.page.locator("main")).to_contain_text("Nothing of that is known here.")
        await at.open("/ops/trace?q=20034")  # five digits of one number; more than deliveries with it is not said
        await expect(at.page.locator(".timeline li").first).to_be_visible()
        await expect(at.page.locator("#headline")).to_have_count(0)
        await at.open("/ops/trace?q=nobody")
        await expect(at.page.locator("main")).to_contain_text("Nothing of that is known here.")
        assert at.complaints == []
