"""A seller's and a support desk's day in a real Chromium: customers, next steps, tickets, handoffs, knowledge."""

import pytest
from playwright.async_api import Browser, Page, expect

from domain.handoff import ContextPacket
from domain.next_step import SuggestedStep
from knowledge.articles import ParsedArticle
from store.crm.handoffs import PostgresCRMClient
from store.knowledge import articles as knowledge
from store.leads.next_steps import propose
from store.postgres import Pool
from tests.chats import extracted, lead
from tests.desk import NUMBER, is_decided, is_solved, says, seat, user, web
from tests.helpers import rows, until
from tests.knowledge.embedders import PRICES
from tests.store.leads.test_next_steps import AGENT

pytestmark = pytest.mark.browser
OTHER = "6281200000001"
"""Somebody else who wrote."""


async def a_day(pool: Pool) -> str:
    """Rina and Budi wrote, a reply to Rina is suggested, she was handed over; returns her lead's id."""
    await says(pool, "saya Rina, usaha laundry di Bandung, berapa harga dua toko?", name="Rina Wulandari")
    await says(pool, "halo", number=OTHER, name="Budi Santoso")
    await extracted(pool)
    id = (await lead(pool, number=NUMBER))["id"]
    await propose(pool, id, SuggestedStep("REPLY", {"text": "Halo Kak"}, 0.8, "she waits"), by=AGENT)
    await propose(pool, id, SuggestedStep("TASK", {"title": "ring her"}, None, "she waits"), by=AGENT)
    packet = ContextPacket(session_id="s1", lead_level="hot", handoff_reason="explicit_request",
                           visitor_phone=f"+{NUMBER}", visitor_name="Rina", conversation_summary="asks for a person")  # fmt: skip
    await PostgresCRMClient(pool).create_lead(packet)
    await knowledge.put(pool, [PRICES, ParsedArticle("shop/hours.md", "Hours", "From eight.")])
    return str(id)


async def test_a_day_with_customers(pool: Pool, browser: Browser, redis_url: str, database_url: str) -> None:
    await a_day(pool)
    await user(pool)
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        page = at.page
        # A customer by a mistyped name, and their lead beside the list.
        await at.open("/")
        await page.get_by_role("link", name="Customers").click()
        await searched(page, "rnia wulandari")
        await page.get_by_role("link", name="Rina").click()
        await expect(page.locator("#lead h2")).to_have_text("Rina")
        await beside_the_chat(page)
        await decided(page)
        # The row says so, until the list is fetched again: it shows what waits.
        await until(lambda: is_decided(pool, 2, "REJECTED"))
        await page.get_by_role("link", name="to do").click()
        await expect(page.locator("main table")).to_contain_text("Halo Kak Rina!")
        # The ticket is solved, and gone from the open ones.
        await page.get_by_role("link", name="Tickets").click()
        await page.get_by_label("Status").select_option("solved")
        # The row may be gone already: it shows what is open.
        await until(lambda: is_solved(pool, "Mesin rusak"))
        await page.reload()
        await expect(page.locator("main")).to_contain_text("No tickets here.")
        # From a handoff, an article and what was said, to the lead.
        await page.get_by_role("link", name="Handoffs").click()
        await expect(page.locator("main table")).to_contain_text("asks for a person")
        await page.get_by_role("link", name="Knowledge").click()
        await searched(page, "how much for two shops")
        await page.get_by_role("link", name="Prices").click()
        await expect(page.locator("main")).to_contain_text("249,000 rupiah")
        await page.go_back()
        await page.get_by_role("link", name="What was said").click()
        await searched(page, "harga dua toko")
        await page.get_by_role("link", name="Rina").click()
        await away_and_back(page)
        assert at.complaints == []
    steps = {row["type"]: row for row in await rows(pool, "next_steps")}
    assert (steps["REPLY"]["status"], steps["TASK"]["status"]) == ("MODIFIED", "REJECTED")
    assert steps["REPLY"]["decided_by"] == "user:budi"


async def searched(page: Page, words: str) -> None:
    """On the page itself, not everywhere."""
    field = page.locator("main").get_by_role("searchbox")
    await field.fill(words)
    await field.press("Enter")


async def beside_the_chat(page: Page) -> None:
    """A reply is approved in other words, Budi is put on the lead, a ticket is opened."""
    await page.locator("#step-text-1").fill("Halo Kak Rina!")
    await page.locator("#step-1").get_by_role("button", name="Approve", exact=True).click()
    await expect(page.locator("#step-1").get_by_role("button", name="Done", exact=True)).to_be_visible()
    await page.locator("#section-people summary").click()
    await page.get_by_label("Number or @username").fill("0812-0000-0001")
    await page.get_by_label("Role").fill("partner")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#section-people li")).to_contain_text("Budi Santoso")
    await page.locator("#section-tickets summary").click()
    await page.get_by_label("Subject").fill("Mesin rusak")
    await page.get_by_role("button", name="Open a ticket").click()
    await expect(page.locator("#section-tickets li")).to_contain_text("Mesin rusak")


async def decided(page: Page) -> None:
    await page.get_by_role("link", name="Tasks").click()
    await page.get_by_role("link", name="Next steps").click()
    await page.locator("#step-2").get_by_role("button", name="Reject").click()


async def away_and_back(page: Page) -> None:
    """Deleted, the lead is in no list; restored, it is as it was."""
    await page.locator("#more-of summary").click()
    await page.get_by_role("button", name="Delete this lead").click()
    await expect(page.locator("#rows")).not_to_contain_text("Rina")
    await page.goto(page.url.partition("?")[0] + "deleted")
    await page.get_by_role("button", name="Restore").click()
    await expect(page.locator("main tbody tr")).to_have_count(0)
    await page.goto(page.url.replace("/deleted", "/customers"))
    await expect(page.locator("main table")).to_contain_text("Rina")
