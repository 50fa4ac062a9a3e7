"""People at the desk, for tests: signed in over HTTP, or in a real Chromium."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from domain.delivery import Delivery
from store.access import accounts
from store.postgres import Pool
from tests.helpers import delivery, receiver, settled

PASSWORD = "correct horse battery"
NUMBER = "6281234567890"


async def user(pool: Pool, name: str = "budi", role: str = "sales", *, since: datetime | None = None) -> accounts.User:
    """Who came here long ago, so that all that tests say is new to them."""
    made = await accounts.add_user(pool, name, role, PASSWORD)
    at = since or datetime(2026, 1, 1, tzinfo=UTC)
    await pool.execute("UPDATE users SET created_at = $2 WHERE id = $1", made.id, at)
    return accounts.User(made.id, name, role, at)


@asynccontextmanager
async def web(redis_url: str, database_url: str, **settings: Any) -> AsyncIterator[str]:
    """The real web process; yields its base URL."""
    async with receiver(redis_url, database_url, **settings) as webhook:
        yield webhook.removesuffix("/webhooks/kapso")


@asynccontextmanager
async def client(base: str, cookie: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base, headers={"Sec-Fetch-Site": "same-origin"}) as http:
        if cookie:
            http.headers["Cookie"] = cookie
        yield http


async def cookie(pool: Pool, name: str = "budi") -> str:
    return f"session={await accounts.sign_in(pool, name, PASSWORD, address='test')}"


@asynccontextmanager
async def signed_in(
    pool: Pool, redis_url: str, database_url: str, role: str = "sales", **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real web process, whose user has that role."""
    await user(pool, role=role)
    async with (
        web(redis_url, database_url, **settings) as base,
        client(base, await cookie(pool)) as http,
    ):
        yield http


def form(**fields: object) -> str:
    return urlencode(fields)


async def is_decided(pool: Pool, step: int, status: str) -> bool:
    return bool(await pool.fetchval("SELECT status FROM next_steps WHERE id = $1", step) == status)


async def is_solved(pool: Pool, subject: str) -> bool:
    return bool(await pool.fetchval("SELECT status FROM tickets WHERE subject = $1", subject) == "solved")


# -- chromium

# How long a page may take where nothing is measured: as long as a busy machine needs.
WAIT_MS = 20_000


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The one that the set-up found or installed."""
    path = os.environ.get("MIRROR_TEST_CHROMIUM")
    if not path:
        raise pytest.UsageError("Browser tests need Chromium: as root, `python3 dev.py test` installs it.")
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Seat:
    """A page of somebody who is signed in. Whatever the page complains of is kept in `complaints`."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.base + path)

    async def unfold(self) -> None:
        """Open every folded part of the lead's panel: also the fields without a value."""
        await expect(self.page.locator("#lead")).to_be_visible()
        await self.page.evaluate(
            "for (const one of document.querySelectorAll('#lead details')) if (!one.matches('.menu')) one.open = true"
        )

    async def names(self) -> list[str]:
        """Of the list, in its order."""
        names = await self.page.locator("#rows a[data-lead]").all_text_contents()  # drawn yet or not
        return [name.strip() for name in names]

    async def first_says(self, text: str, *, milliseconds: int = WAIT_MS) -> None:
        """Wait until the list's first row says so."""
        script = "text => document.querySelector('#rows tr')?.textContent.includes(text)"
        await self.page.wait_for_function(script, arg=text, timeout=milliseconds)


@asynccontextmanager
async def seat(
    pool: Pool, browser: Browser, base: str, name: str = "budi", *, scripts: str = "", **context: Any
) -> AsyncIterator[Seat]:
    """Somebody's own browser profile, signed in; `scripts` run before those of each page."""
    shown: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce"}
    profile = await browser.new_context(**shown | context)
    value = (await cookie(pool, name)).removeprefix("session=")
    await profile.add_cookies([{"name": "session", "value": value, "url": base}])
    if scripts:
        await profile.add_init_script(scripts)
    page = await profile.new_page()
    page.set_default_timeout(WAIT_MS)
    try:
        yield Seat(page, base)
    finally:
        await profile.close()


async def says(pool: Pool, words: str, /, **more: Any) -> str:
    """A message of now, as `said` takes it; returns its id."""
    id, one = said(words, **more)
    await settled(pool, [one])
    return id


def said(
    words: str,
    /,
    *,
    number: str = NUMBER,
    name: str | None = None,
    id: str | None = None,
    ours: bool = False,
    at: datetime | None = None,
    **more: Any,
) -> tuple[str, Delivery]:
    """The id of a message, and the delivery that tells of it."""
    now = at or datetime.now(UTC)
    id = id or f"wamid.{os.urandom(8).hex()}"
    message: dict[str, Any] = {
        "id": id, "timestamp": str(int(now.timestamp())), "type": "text", "text": {"body": words},
        "to" if ours else "from": number,
        "kapso": {"direction": "outbound" if ours else "inbound", "status": "sent" if ours else "received"},
    } | more  # fmt: skip
    talk: dict[str, Any] = {"id": f"00000000-0000-4000-8000-{int(number[-10:]):012d}", "phone_number": number}
    if name:
        talk["kapso"] = {"contact_name": name}
    body = {"message": message, "conversation": talk}
    return id, delivery(body, f"whatsapp.message.{'sent' if ours else 'received'}", at=now)


SCREENSHOTS = Path(__file__).resolve().parent.parent / ".run" / "screenshots"
