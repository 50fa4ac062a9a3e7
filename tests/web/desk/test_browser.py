"""The desk in a real Chromium, on the real web process and the real database."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, Route, expect
from pydantic import SecretStr

from config.settings import ReceiverSettings
from domain.lead import Source
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import extracted, lead
from tests.databases import execute, name_of
from tests.desk import NUMBER, Seat, says, seat, user, web
from tests.helpers import SECRET, rows
from webhooks.app import create_app

pytestmark = pytest.mark.browser
OTHER = "6281200000001"
LOOK = """
  window.looked = new Promise(done => addEventListener("htmx:finally:request", ({target}) => target.id === "lead" && done(true)));
  htmx.trigger("#lead", "refresh");
"""


@asynccontextmanager
async def sitting(
    pool: Pool,
    browser: Browser,
    redis_url: str,
    database_url: str,
    path: str = "/",
    role: str = "sales",
    **context: Any,
) -> AsyncIterator[Seat]:
    """Somebody at the list; at the end the page has complained of nothing."""
    await user(pool, role=role)
    async with web(redis_url, database_url) as base, seat(pool, browser, base, **context) as one:
        await one.open(path)
        yield one
        assert one.complaints == []


async def away(page: Page) -> None:
    """Nothing of the list under the pointer, nothing focused."""
    await page.mouse.move(5, 5)
    await page.evaluate("document.activeElement.blur()")


async def test_a_message_is_on_top_within_a_second(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=5)
    await says(pool, "halo", name="Rina", at=ago)
    await says(pool, "pagi", number=OTHER, name="Budi", at=ago + timedelta(minutes=1))
    async with sitting(pool, browser, redis_url, database_url) as at:
        assert await at.names() == ["Budi", "Rina"]
        await away(at.page)
        await says(pool, "sudah tersambung?", number=OTHER, name="Budi", at=ago + timedelta(minutes=2))
        await at.first_says("sudah tersambung?")  # the line is up
        now = datetime.now(UTC)
        await says(pool, "berapa harganya?", name="Rina", at=now)
        await at.first_says("berapa harganya?", milliseconds=1000)
        assert await at.names() == ["Rina", "Budi"]
        # Somebody who was never here before, without a reload.
        await says(pool, "saya baru", number="6281200000009", name="Wati", at=now + timedelta(seconds=1))
        await at.first_says("saya baru", milliseconds=1000)


@pytest.mark.parametrize("how", ["pointer", "focus"])
async def test_the_order_holds_while_the_list_is_used(
    pool: Pool, browser: Browser, redis_url: str, database_url: str, how: str
) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=5)
    for n, name in enumerate(("Rina", "Budi", "Wati")):
        await says(pool, "halo", number=f"628120000000{n}", name=name, at=ago + timedelta(seconds=n))
    async with sitting(pool, browser, redis_url, database_url) as at:
        fresh = at.page.locator("#fresh")
        await away(at.page)
        if how == "pointer":
            await at.page.locator("#rows tr").nth(1).hover()
        else:
            await at.page.locator("#rows a[data-lead]").nth(1).focus()
        now = datetime.now(UTC)
        await says(pool, "aku lagi", number="6281200000000", name="Rina", at=now)
        await says(pool, "aku baru", number="6281200000007", name="Tono", at=now + timedelta(seconds=1))
        await expect(fresh).to_have_text("2 new")
        assert await at.names() == ["Wati", "Budi", "Rina"]
        # What is on the page already says the new words, in its place.
        await expect(at.page.locator("#rows tr").nth(2)).to_contain_text("aku lagi")
        if how == "pointer":
            await fresh.click()
        else:
            await at.page.keyboard.press(".")
        await expect(at.page.locator("#rows a[data-lead]").first).to_have_text("Tono")
        await expect(fresh).to_be_hidden()
        assert await at.names() == ["Tono", "Rina", "Wati", "Budi"]
        if how == "pointer":  # leaving the list applies what waits
            await says(pool, "dan aku", number="6281200000001", name="Budi", at=now + timedelta(seconds=2))
            await expect(fresh).to_have_text("1 new")
            await away(at.page)
            await at.first_says("dan aku")


async def test_typing_is_never_lost(pool: Pool, browser: Browser, redis_url: str, database_url: str) -> None:
    await says(pool, "halo", name="Rina")
    row = await lead(pool)
    async with sitting(pool, browser, redis_url, database_url, f"/?lead={row['id']}") as at:
        page, city = at.page, at.page.locator("#field-domisili")
        await at.unfold()
        await city.press_sequentially("Kota Bek")
        # Rows move, the lead changes under the typing, and another field is set by somebody else.
        await says(pool, "ada orang?", name="Rina")
        await leads.patch(
            pool, row["id"], {"business_type": "laundry"}, version=row["version"], by=Actor(Source.HUMAN, "user:x")
        )
        await expect(page.locator("#field-business_type")).to_have_value("laundry")
        await expect(page.locator("#chat")).to_contain_text("ada orang?")
        await page.keyboard.type("asi")
        await expect(city).to_have_value("Kota Bekasi")
        await page.locator("#note").fill("call back on Monday")
        # A reload is not the end of it, either.
        await page.reload()
        await expect(city).to_have_value("Kota Bekasi")
        await expect(page.locator("#note")).to_have_value("call back on Monday")
        await city.press("Enter")
        await expect(page.locator("#toast")).to_contain_text("Kota Bekasi")
        await expect(page.locator("#note")).to_have_value("call back on Monday")
        await page.get_by_role("button", name="Add the note").click()
        await expect(page.locator(".notes")).to_contain_text("call back on Monday")
        await expect(page.locator("#note")).to_have_value("")
        await page.reload()
        await expect(page.locator("#note")).to_have_value("")
    assert (await lead(pool))["domisili"] == "Kota Bekasi"


async def test_of_two_editors_the_second_sees_both_values(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    id = (await lead(pool))["id"]
    await user(pool, "rina")
    async with (
        sitting(pool, browser, redis_url, database_url, f"/?lead={id}") as first,
        seat(pool, browser, first.base, "rina") as second,
    ):
        await second.open(f"/?lead={id}")
        await first.unfold()
        await second.unfold()
        mine, theirs = first.page.locator("#field-domisili"), second.page.locator("#field-domisili")
        await theirs.fill("Medan")
        await mine.fill("Solo")
        await mine.press("Enter")
        await expect(first.page.locator("#toast")).to_contain_text("Solo")
        await theirs.press("Enter")
        await expect(second.page.get_by_text("Now it is: Solo. Yours: Medan")).to_be_visible()
        await says(pool, "ada?", name="Rina", at=datetime.now(UTC) + timedelta(seconds=3))
        await expect(second.page.locator("#chat")).to_contain_text("ada?")
        # Whatever is renewed meanwhile, it is still said.
        await expect(second.page.get_by_text("Now it is: Solo. Yours: Medan")).to_be_visible()
        await expect(theirs).to_have_value("Medan")
        await theirs.press("Enter")
        await expect(mine).to_have_value("Medan")
    assert (await lead(pool))["domisili"] == "Medan"


async def test_the_desk_by_keyboard(pool: Pool, browser: Browser, redis_url: str, database_url: str) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=5)
    await says(pool, "halo", number=OTHER, name="Budi", at=ago)
    await says(pool, "saya Rina, usaha laundry di Bandung. chat numpuk, berapa harganya?", name="Rina")
    await extracted(pool, ai_applies=False)
    async with sitting(pool, browser, redis_url, database_url) as at:
        page, keys = at.page, at.page.keyboard
        await keys.press("j")
        await keys.press("j")
        await expect(page.locator("#rows a[data-lead]").nth(1)).to_be_focused()
        await expect(page.locator("#lead h2")).to_have_text("Budi")
        await keys.press("k")
        await expect(page.locator("#lead h2")).to_have_text("Rina")
        assert "lead=" in page.url
        await keys.press("2")
        await expect(page.locator(".statuses [aria-pressed=true]")).to_contain_text("qualified")
        await expect(page.locator("#toast")).to_contain_text("new → qualified")
        await keys.press("z")
        await expect(page.locator(".statuses [aria-pressed=true]")).to_contain_text("new")
        await keys.press("f")
        await expect(page.locator("#field-name")).to_be_focused()
        await keys.press("Escape")
        await keys.press("n")
        await expect(page.locator("#note")).to_be_focused()
        await keys.type("3 is typed, not pressed")
        await keys.press("Control+Enter")
        await expect(page.locator(".notes")).to_contain_text("3 is typed, not pressed")
        await away(page)
        await keys.press("?")
        await expect(page.locator("#help")).to_be_visible()
        await keys.press("Escape")
        await expect(page.locator("#help")).to_be_hidden()
        await keys.press("u")
        await expect(page.locator("#lead")).to_have_count(0)
        await expect(page.locator("tr[data-read=unread]")).to_have_count(1)  # Budi was read on the way
        await keys.press("/")
        await expect(page.locator("#search")).to_be_focused()
        await keys.type("rona")  # nobody is spelled like that
        await keys.press("Enter")
        await expect(page.locator("#guessed")).to_be_visible()
        assert await at.names() == ["Rina"]
        await page.wait_for_load_state()
        await away(page)
        await keys.press("g")
        await keys.press("u")
        await page.wait_for_url("**/?view=unread")  # which waits until it is loaded
        await keys.press("g")
        await keys.press("l")
        await page.wait_for_url(re.compile(r"/$"))
    assert (await lead(pool))["status"] == "new"


HOSTILE = """"><img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'{{7331*7}}"""


async def test_nothing_that_customers_write_runs(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    """Every field that a customer, a bot or a colleague can fill."""
    kinds: list[dict[str, Any]] = [
        {"type": "text", "text": {"body": HOSTILE}},
        {"type": "document", "document": {"id": "1", "filename": HOSTILE, "link": "https://media.invalid/1"}},
        {"type": "image", "image": {"id": "1", "caption": HOSTILE, "link": 'https://media.invalid/"><script>'}},
        {"type": "location", "location": {"name": HOSTILE, "address": HOSTILE, "latitude": HOSTILE, "longitude": 1}},
        {"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": HOSTILE}}},
        {"type": "template", "template": {"name": HOSTILE}},
        {"type": HOSTILE[:60], HOSTILE[:60]: {"x": 1}},
        {"type": "audio", "audio": {"id": "1"}, "kapso": {"direction": "inbound", "status": "received", "transcript": {"text": HOSTILE}}},
    ]  # fmt: skip
    at_first = datetime.now(UTC) - timedelta(minutes=5)
    first = await says(pool, HOSTILE, name=HOSTILE, at=at_first)
    for n, more in enumerate(kinds):
        await says(pool, "", at=at_first + timedelta(seconds=n), username=HOSTILE[:60], context={"id": first}, **more)
    await says(pool, "", type="reaction", reaction={"message_id": first, "emoji": HOSTILE})
    row = await lead(pool)
    values = {
        "business_type": HOSTILE,
        "domisili": HOSTILE,
        "story": HOSTILE,
        "objection_raised": HOSTILE,
        "pain_points": [HOSTILE],
    }
    await leads.patch(pool, row["id"], values, version=row["version"], by=Actor(Source.AI, HOSTILE), reason=HOSTILE)
    await leads.set_status(pool, row["id"], "qualified", by=Actor(Source.AI, HOSTILE), reason=HOSTILE)
    await leads.add_note(pool, row["id"], HOSTILE, by=Actor(Source.BOT, HOSTILE))
    await user(pool, role="operator")
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        for path in (
            "/",
            f"/?lead={row['id']}",
            f"/?q={HOSTILE}&city={HOSTILE}",
            f"/ops/trace?q={first}",
            "/ops/trace?q=%2B6281234567890",
        ):
            await at.open(path)
            assert await at.page.evaluate("window.hacked") is None, path
            assert "51317" not in await at.page.inner_text("main"), path
        await at.open(f"/?lead={row['id']}")
        assert (await at.page.inner_text("#lead")).count("window.hacked=2") > 15
        # Pictures that are not to be had are all that the page may complain of.
        assert all("502" in one or "404" in one for one in at.complaints), at.complaints


async def test_a_page_heals_itself_after_the_server_was_gone(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    await user(pool)
    row = await lead(pool)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stop = await _start(redis_url, database_url, port)
    async with seat(pool, browser, f"http://127.0.0.1:{port}") as at:
        await at.open(f"/?lead={row['id']}")
        await expect(at.page.locator("#lost")).to_be_hidden()
        await stop()
        await expect(at.page.locator("#lost")).to_be_visible()
        await at.unfold()
        await at.page.locator("#field-domisili").fill("Solo")
        await at.page.locator("#field-domisili").press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("Not saved")
        await says(pool, "masih ada?", name="Rina")
        stop = await _start(redis_url, database_url, port)
        await away(at.page)
        await expect(at.page.locator("#lost")).to_be_hidden()
        await at.first_says("masih ada?")
        await expect(at.page.locator("#field-domisili")).to_have_value("Solo")
        await at.page.locator("#field-domisili").press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("Solo")
    await stop()
    assert (await lead(pool))["domisili"] == "Solo"


async def test_a_page_says_that_postgres_is_away_and_goes_on_when_it_is_back(
    pool: Pool, browser: Browser, redis_url: str, database_url: str, server_url: str
) -> None:
    """The line to the web process lives on meanwhile: nothing else would tell."""
    await says(pool, "halo", name="Rina")
    await user(pool)
    name = name_of(database_url)
    async with web(redis_url, database_url) as base, seat(pool, browser, base) as at:
        await at.open()
        await at.first_says("halo")
        await expect(at.page.locator("#lost")).to_be_hidden()
        await execute(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        await execute(server_url, ends)
        await expect(at.page.locator("#lost")).to_be_visible()
        await execute(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await says(pool, "sudah kembali?", name="Rina")
        await at.first_says("sudah kembali?")
        await expect(at.page.locator("#lost")).to_be_hidden()


async def _start(redis_url: str, database_url: str, port: int) -> Any:
    """A web process's application on that port; ended at once, its open lines cut, as when it is killed."""
    plain = {
        "database_url": SecretStr(database_url),
        "redis_url": SecretStr(redis_url),
        "kapso_webhook_secrets": (SecretStr(SECRET),),
    }
    app = await create_app(ReceiverSettings(**plain))  # type: ignore[arg-type]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=0)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)

    async def stop() -> None:
        server.should_exit = True
        await serving

    return stop


async def test_roles_see_what_they_may(pool: Pool, browser: Browser, redis_url: str, database_url: str) -> None:
    await says(pool, "halo", name="Rina")
    id = (await lead(pool))["id"]
    async with sitting(pool, browser, redis_url, database_url, f"/?lead={id}", role="viewer") as at:
        await expect(at.page.locator("#lead h2")).to_have_text("Rina")
        assert (
            await at.page.locator(
                "#lead input:not([type=search]), #lead textarea, #lead .statuses button:enabled"
            ).count()
            == 0
        )
        await at.page.keyboard.press("2")
        await expect(at.page.locator(".statuses [aria-pressed=true]")).to_contain_text("new")
        assert await at.page.locator("nav a[href='/ops']").count() == 0


async def test_signing_in_leads_back_to_where_one_was_going(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await user(pool)
    await says(pool, "halo", name="Rina")
    async with web(redis_url, database_url) as base:
        page = await browser.new_page()
        await page.goto(f"{base}/?view=waiting")
        await page.get_by_label("Name").fill("budi")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("is wrong")
        await page.get_by_label("Name").fill("Budi")
        await page.get_by_label("Password").fill("correct horse battery")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/?view=waiting")
        await expect(page.locator("#rows")).to_contain_text("Rina")
        await page.locator(".top .menu summary").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/login")


async def test_on_a_phone_everything_is_within_reach(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo " * 60, name="Rina Dengan Nama Yang Panjang Sekali Supaya Kelihatan")
    small: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    async with sitting(pool, browser, redis_url, database_url, **small) as at:
        await at.page.locator("#rows a[data-lead]").tap()
        await expect(at.page.locator("#lead h2")).to_be_visible()
        await expect(at.page.locator("#rows")).to_be_hidden()
        await at.page.get_by_role("button", name="qualified").tap()
        await expect(at.page.locator("#toast")).to_contain_text("qualified")
        for _ in range(2):
            wide = await at.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0
            await at.page.get_by_role("button", name="Close the lead").tap() if await at.page.locator(
                "#lead"
            ).count() else None
        await expect(at.page.locator("#rows")).to_be_visible()
    assert [row["status"] for row in await rows(pool, "lead_records")] == ["qualified"]
    assert NUMBER


async def test_what_is_typed_while_a_note_is_saved_stays(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.locator("#rows a[data-lead]").first.click()
        typed = asyncio.Event()

        async def hold(route: Route) -> None:
            await typed.wait()
            await route.continue_()

        await at.page.route("**/notes*", hold)
        await at.page.locator("#note").fill("satu")
        await at.page.keyboard.press("Control+Enter")
        await at.page.keyboard.type(" dua")
        typed.set()
        await expect(at.page.locator(".notes")).to_contain_text("satu")
        await expect(at.page.locator("#note")).to_have_value("satu dua")


async def test_who_types_faster_than_the_server_saves_is_in_no_conflict_with_themselves(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.locator("#rows a[data-lead]").first.click()
        typed = asyncio.Event()

        async def hold(route: Route) -> None:
            await typed.wait()
            await route.continue_()

        await at.page.route("**/field*", hold)
        await at.unfold()
        city = at.page.locator("#field-domisili")
        for name in ("Solo", "Medan", "Malang"):
            await city.fill(name)
            await city.press("Enter")
        typed.set()
        await expect(at.page.locator("#toast")).to_contain_text("Malang")
        await expect(city).to_have_value("Malang")
        await expect(at.page.locator("#lead .wrong")).to_have_count(0)
    assert [row["new"] for row in await rows(pool, "lead_changes") if row["field"] == "domisili"] == ["Solo", "Malang"]


async def test_a_look_that_began_before_a_save_does_not_take_it_back(
    pool: Pool, browser: Browser, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with sitting(pool, browser, redis_url, database_url) as at:
        await at.page.locator("#rows a[data-lead]").first.click()
        await expect(at.page.locator("#lead h2")).to_be_visible()
        fetched, saved = asyncio.Event(), asyncio.Event()

        async def hold_the_first(route: Route) -> None:
            if fetched.is_set():
                return await route.continue_()
            answer = await route.fetch()
            fetched.set()
            await saved.wait()
            return await route.fulfill(response=answer)

        await at.page.route(re.compile(f"/leads/{(await lead(pool))['id']}($|[?])"), hold_the_first)
        await at.page.evaluate(LOOK)
        await fetched.wait()
        await at.unfold()
        city = at.page.locator("#field-domisili")
        await city.fill("Solo")
        await city.press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("Solo")
        saved.set()
        assert await at.page.evaluate("looked")
        assert await at.page.locator("#was-domisili").input_value() == "Solo"
        await city.fill("Medan")
        await city.press("Enter")
        await expect(at.page.locator("#toast")).to_contain_text("Medan")
        await expect(at.page.locator("#lead .wrong")).to_have_count(0)
