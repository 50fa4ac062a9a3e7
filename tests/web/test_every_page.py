"""All pages in a real Chromium: what they look like, and whether everybody can use them."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from domain.handoff import ContextPacket
from domain.next_step import SuggestedStep
from store.crm import customers, tickets
from store.crm.handoffs import PostgresCRMClient
from store.knowledge import articles as knowledge
from store.leads import leads, next_steps
from store.postgres import Pool
from tests.desk import NUMBER, SCREENSHOTS, Seat, says, seat, user, web
from tests.knowledge.embedders import PRICES
from tests.town import BUDI, an_earlier_release_failed, town

pytestmark = pytest.mark.browser
KEPT = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SHOWN = ("list-light", "lead-light", "lead-dark", "ops-light", "letter-light", "list-phone", "lead-phone")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def picture(page: Page, name: str, **options: Any) -> None:
    """Into the run's folder; `--pictures` keeps them for the README."""
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


async def usable(page: Page) -> list[str]:
    """What axe finds wrong."""
    found = await Axe().run(page, options=RULES)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


SEATS: dict[str, dict[str, Any]] = {
    "light": {},
    "phone": {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True},
    "dark": {"color_scheme": "dark", "locale": "id-ID"},
}


@pytest.mark.parametrize("kind", ["phone", *(pytest.param(one, marks=pytest.mark.long) for one in ("light", "dark"))])
async def test_every_page_can_be_used_by_everybody(
    kind: str, pool: Pool, browser: Browser, redis_url: str, database_url: str, request: pytest.FixtureRequest
) -> None:
    """axe-core on every page, light and dark, wide and narrow; the same pages are the pictures of the README."""
    id = await town(pool)
    await an_earlier_release_failed(pool, 5)
    await samples(pool)
    await at_work(pool, id)
    await user(pool, role="admin")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    async with web(redis_url, database_url) as base, seat(pool, browser, base, **SEATS[kind]) as at:
        assert await checked(at, id, kind) == []
        await at.page.goto("about:blank")  # a live page would go to the login by itself, and abort our way there
        await at.page.context.clear_cookies()
        await at.open("/login")
        assert await usable(at.page) == []
    if request.config.getoption("--pictures"):
        KEPT.mkdir(parents=True, exist_ok=True)
        for name in SHOWN:
            if name.endswith(kind):
                shutil.copy(SCREENSHOTS / f"{name}.png", KEPT / f"{name}.png")


async def checked(at: Seat, id: str, kind: str) -> list[str]:
    """What is wrong with any page as this viewer sees it."""
    wrong = []
    fingerprint = "unexpected"
    for name, path in (
        ("list", "/"), ("lead", f"/?lead={id}"), ("ops", "/ops"), ("letters", "/ops/letters"), ("letter", fingerprint),
        ("trace", "/ops/trace?q=wamid.0.1"), ("replays", "/ops/replays"), ("reconcile", "/ops/reconcile"), ("api", "/api/docs"),
        ("customers", "/customers"), ("suggestions", "/suggestions"), ("tickets", "/tickets"), ("handoffs", "/handoffs"),
        ("deleted", "/deleted"), ("knowledge", "/knowledge?q=two+shops"), ("article", "/knowledge/1"),
        ("said", "/knowledge?in=chats&q=laundry"), ("board", "/board"), ("tasks", "/tasks"), ("owners", "/owners"),
        ("waiting", "/?view=waiting&temperature=hot&city=Bandung"),
    ):  # fmt: skip
        if path == fingerprint:
            await at.open("/ops/letters")
            await at.page.locator("#groups tbody a").first.click()
            await at.page.wait_for_load_state()
        else:
            await at.open(path)
        if name == "ops":
            await expect(at.page.locator("#chart canvas")).to_be_visible()
        if name in ("list", "lead"):
            await expect(at.page.locator(".tabs small").first).to_have_text("11")  # counted once the page is there
        await at.page.mouse.move(5, 5)
        await picture(at.page, f"{name}-{kind}", full_page=name == "ops")
        wrong += [f"{name} {kind}: {one}" for one in await usable(at.page)]
        across = await at.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{name} {kind}: {across} px too wide"] if across > 0 else []
    return wrong + at.complaints


WIDE = "* { font-family: monospace !important; }"
ALIGNED = """() => [...document.querySelectorAll('main table')].flatMap(table => {
  const shown = table.tHead && table.tHead.getBoundingClientRect().width > 1
  const heads = shown ? [...table.querySelectorAll('thead th')] : []
  const rows = [...table.querySelectorAll('tbody tr')].filter(row => row.cells.length === table.tHead?.rows[0].cells.length)
  return rows.flatMap(row => heads.filter(head => {
    const a = head.getBoundingClientRect(), b = row.cells[head.cellIndex].getBoundingClientRect()
    return a.width > 0 && b.width > 0 && (Math.abs(a.left - b.left) > 1 || Math.abs(a.right - b.right) > 1)
  }).map(head => `${head.textContent.trim()} does not stand above its column`))
})"""
# A thumb needs 44 px; links within a sentence and what a double of them does better are as large as their words.
SMALL = """() => [...document.querySelectorAll(
  'button, select, textarea, summary, input:not([type=hidden], [type=checkbox]), a.chip, a.button, .tabs a, .place, .choice')]
  .filter(one => one.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !one.matches('.link, .narrow, [tabindex="-1"], .tags-of button'))
  .map(one => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width > 0 && box.height < 43.5)
  .map(([one, box]) => `${one.tagName} ${one.className || one.name || one.id} “${one.textContent.trim().slice(0, 30)}” is ${box.height.toFixed(0)} px high`)"""
# Words that are cut without a sign of it, or stand on one another.
CUT = """() => [...document.querySelectorAll('button, .button, .place, .tabs a, .chip, th, h1, h2, h3, summary')]
  .filter(one => one.checkVisibility() && getComputedStyle(one).textOverflow !== 'ellipsis' && !one.matches('.unseen, .order, h2'))
  .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map(one => `${one.tagName} “${one.textContent.trim().slice(0, 30)}” is cut`)"""
# A table that stands on its neighbour.
OUTSIDE = """() => [...document.querySelectorAll('main section table')].filter(one => one.checkVisibility() && !one.closest('.scroll'))
  .filter(one => one.getBoundingClientRect().right > one.closest('section').getBoundingClientRect().right + 1)
  .map(one => `a table of ${one.className} is wider than its section: “${one.textContent.trim().slice(0, 30)}”`)"""
PATHS = ("/", "/?view=waiting&status=new,contacted&temperature=hot", "/board", "/tasks", "/owners", "/nowhere", "/ops", "/ops/letters",
         "/ops/trace?q=wamid.0.1", "/ops/replays", "/ops/reconcile", "/ops/access", "/api/docs", "/customers",
         "/suggestions", "/tickets", "/handoffs", "/deleted", "/knowledge?q=two+shops", "/login", "/overview?days=30", "/import",
         "/users", "/keys", "/account", "/ops/hooks")  # fmt: skip
SHORT = {(390, "en-GB", "light"), (1280, "id-ID", "light")}
LAYOUTS = [
    pytest.param(width, locale, theme, marks=() if (width, locale, theme) in SHORT else pytest.mark.long)
    for width in (320, 390, 768, 1024, 1280, 1440, 1800) for locale in ("en-GB", "id-ID") for theme in ("light", "dark")
]  # fmt: skip


@pytest.mark.parametrize(("width", "locale", "theme"), LAYOUTS)
async def test_layout_holds_on_every_page_in_a_narrow_and_in_a_wide_font(
    width: int, locale: str, theme: str, pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    """Headers stand above their columns, nothing is wider than the window or cut, thumbs find their targets, and cards
    stand side by side."""
    id = await town(pool)
    await an_earlier_release_failed(pool, 2)
    await samples(pool)
    await at_work(pool, id)
    await user(pool, role="admin")
    wrong: list[str] = []
    shown: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "locale": locale, "color_scheme": theme}
    touch: dict[str, Any] = {"has_touch": True, "is_mobile": True} if width < 768 else {}
    async with (
        web(redis_url, database_url) as base,
        seat(pool, browser, base, bypass_csp=True, **shown, **touch) as at,
    ):
        for path in (*PATHS, f"/?lead={id}"):
            await at.open(path)
            await at.page.evaluate("document.fonts.ready")
            for font in ("as the page says", "wide"):
                if font == "wide":
                    await at.page.add_style_tag(content=WIDE)
                checks = [ALIGNED] if font == "wide" else [ALIGNED, CUT, OUTSIDE, *([SMALL] if touch else [])]
                for check in checks:
                    wrong += [f"{path}, {font} font: {one}" for one in await at.page.evaluate(check)]
                over = await at.page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                wrong += [f"{path}, {font} font: {over} px too wide"] if over > 0 else []
        assert await at.page.evaluate("document.fonts.check('16px Inter')")
        await at.open("/ops")
        tops = (
            await at.page.locator(".cards")
            .first.locator(".card")
            .evaluate_all("cards => cards.slice(0, 2).map(card => card.getBoundingClientRect().top)")
        )
        assert (tops[0] == tops[1]) == (width >= 700), tops
    assert sorted(set(wrong)) == []


async def at_work(pool: Pool, id: str) -> None:
    """Something on each page beside the list."""
    lead = UUID(id)
    await knowledge.put(pool, [PRICES])
    await next_steps.propose(pool, lead, SuggestedStep("REPLY", {"text": "Halo Kak"}, 0.8, "she waits"), by=BUDI)
    talk = await tickets.conversation_of(pool, lead)
    assert talk is not None
    await tickets.create(pool, talk, "Mesin rusak", by=BUDI)
    packet = ContextPacket(session_id="s1", lead_level="hot", handoff_reason="stall", visitor_phone=f"+{NUMBER}",
                           visitor_name="Rina", conversation_summary="wants to talk to a person")  # fmt: skip
    await PostgresCRMClient(pool).create_lead(packet)
    # Met by another number, and put out of sight.
    made = await customers.create(pool, {"name": "Nobody", "email": "nobody@example.com"}, by=BUDI)
    await leads.delete(pool, made["id"], by=BUDI)


async def samples(pool: Pool) -> None:
    advertisement = '{"source_type": "ad", "headline": "Balas chat jam 2 pagi? Biar Sarah yang menjawab pelanggan"}'
    await pool.execute("UPDATE messages SET referral = $1::jsonb WHERE direction = 'inbound'", advertisement)
    """Ten minutes for the chart."""
    await pool.execute("INSERT INTO drains (shard, complete_to, seen_at, kapso_seconds) VALUES (0, now(), now(), 0.4)")
    for n in range(60):
        await pool.execute(
            "INSERT INTO lag_samples (at, deliveries, events, dead, waiting, oldest_seconds, ours_p50_ms, ours_p99_ms, "
            "kapso_seconds, ai_seconds) VALUES (date_trunc('second', now()) - $1::interval, 150, 180, 0, 0, 0, 5, $2, $3, $4)",
            timedelta(seconds=10 * n), 12.0 + 9 * (n * 7 % 5) + (400 if n == 22 else 0), 0.3 + (n * 3 % 4) / 4, 4.0 + n * 11 % 27,
        )  # fmt: skip


@pytest.mark.long
async def test_a_long_list_is_lived_in_without_growing(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    """Hundreds of refreshes leave nothing behind: what is kept per refresh, times a day's, stays below 10 MB."""
    await town(pool)
    await user(pool)
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        await at.open("/")
        session = await at.page.context.new_cdp_session(at.page)

        async def refreshed(times: int) -> None:
            before = int(
                await at.page.evaluate(
                    "window.swaps ??= (document.addEventListener('list:changed', () => window.swaps++), 0)"
                )
            )
            for n in range(times):
                later = datetime.now(UTC) + timedelta(seconds=before + n)  # times are whole seconds
                await says(pool, f"pesan {before + n}", number="6281200345678", name="Rina Wulandari", at=later)
                await at.page.wait_for_function(
                    "text => document.getElementById('rows').textContent.includes(text)", arg=f"pesan {before + n}"
                )

        async def heap() -> int:
            await session.send("HeapProfiler.collectGarbage")
            return int((await session.send("Runtime.getHeapUsage"))["usedSize"])

        await refreshed(60)
        before, nodes = await heap(), await at.page.evaluate("document.querySelectorAll('*').length")
        await refreshed(150)
        assert abs(await at.page.evaluate("document.querySelectorAll('*').length") - nodes) < 5
        grown = await heap() - before
        assert grown < 300_000, grown
