"""The desk over real HTTP: who gets in, who may write, and what a page shows."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from store import accounts
from store.accounts import BadPassword
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.helpers import receiver, rows

PASSWORD = "correct horse battery"


@asynccontextmanager
async def browser(
    pool: Pool, redis_url: str, database_url: str, role: str | None = "sales"
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real web process; signed in where a role is given."""
    async with receiver(redis_url, database_url) as webhook:
        base = webhook.removesuffix("/webhooks/kapso")
        async with httpx.AsyncClient(base_url=base, headers={"Sec-Fetch-Site": "same-origin"}) as client:
            if role:
                await accounts.add_user(pool, "budi", role, PASSWORD)
                answer = await client.post(
                    "/login", content=urlencode({"name": "budi", "password": PASSWORD, "next": "/"})
                )
                assert answer.status_code == 303
                cookie = answer.headers["set-cookie"]
                for part in ("HttpOnly", "Secure", "SameSite=lax"):
                    assert part in cookie
                client.headers["Cookie"] = cookie.split(";")[0]
            yield client


READ = ("/", "/leads/rows", "/live", "/leads/00000000-0000-0000-0000-000000000001")
WRITE = tuple(f"/leads/00000000-0000-0000-0000-000000000001/{what}" for what in ("field", "status", "notes", "let-go"))


async def test_nothing_is_readable_without_signing_in(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo rahasia")
    async with browser(pool, redis_url, database_url, role=None) as client:
        for path in READ:
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"].startswith("/login")) == (303, True), path
            assert "rahasia" not in answer.text
        for path in (*WRITE, "/suggestions/1/accept"):
            assert (await client.post(path)).status_code == 303, path
        assert (await client.get("/login")).status_code == 200
        assert (await client.get("/healthz")).text == "alive"


async def test_a_viewer_reads_and_does_not_write(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with browser(pool, redis_url, database_url, role="viewer") as client:
        assert (await client.get(f"/leads/{id}")).status_code == 200
        answer = await client.post(f"/leads/{id}/status", content="status=qualified")
        assert (answer.status_code, "needs the role sales" in answer.text) == (403, True)
    assert (await lead(pool))["status"] == "new"


async def test_a_write_from_a_foreign_page_is_refused(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with browser(pool, redis_url, database_url) as client:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            answer = await client.post(f"/leads/{id}/status", content="status=qualified", headers=headers)
            assert answer.status_code == 403
    assert (await lead(pool))["status"] == "new"


async def test_wrong_passwords_are_refused_and_bounded(pool: Pool, redis_url: str, database_url: str) -> None:
    await accounts.add_user(pool, "rina", "sales", PASSWORD)
    async with browser(pool, redis_url, database_url, role=None) as client:
        for _ in range(10):
            answer = await client.post("/login", content=urlencode({"name": "rina", "password": "wrong"}))
            assert answer.status_code == 401
        answer = await client.post("/login", content=urlencode({"name": "rina", "password": PASSWORD}))
        assert answer.status_code == 429
    with pytest.raises(BadPassword):
        await accounts.add_user(pool, "short", "sales", "too short")


async def test_signing_out_and_disabling_end_sessions(pool: Pool, redis_url: str, database_url: str) -> None:
    async with browser(pool, redis_url, database_url) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.post("/logout")).status_code == 303
        assert (await client.get("/")).status_code == 303
        assert await rows(pool, "sessions") == []
    token = await accounts.sign_in(pool, "budi", PASSWORD, address="here")
    assert await accounts.signed_in(pool, token) is not None
    await accounts.change_user(pool, "budi", disabled=True)
    assert await accounts.signed_in(pool, token) is None


async def test_the_way_back_stays_inside(pool: Pool, redis_url: str, database_url: str) -> None:
    await accounts.add_user(pool, "rina", "sales", PASSWORD)
    async with browser(pool, redis_url, database_url, role=None) as client:
        for evil in ("https://evil.invalid/", "//evil.invalid", "/\\evil.invalid", ""):
            given = urlencode({"name": "rina", "password": PASSWORD, "next": evil})
            answer = await client.post("/login", content=given)
            assert answer.headers["location"] == "/"


async def test_the_list_shows_and_escapes_what_customers_write(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "<script>alert(1)</script> harganya?", contact_name="<i>Rina</i>")
    await chat(pool, "saya di Bandung", number="628999000")
    await extracted(pool)
    async with browser(pool, redis_url, database_url) as client:
        assert (await client.get("/leads/rows?city=bandung")).text.count("<tr") == 1
        page = await client.get("/")
        assert "&lt;i&gt;Rina&lt;/i&gt;" in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "<script>alert" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert (await client.get("/leads/rows?temperature=hot")).text.count("<tr") == 1  # nobody fits
        for source in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert not urlsplit(source).netloc, source


async def test_an_edit_shows_who_was_quicker(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    row = await lead(pool)
    async with browser(pool, redis_url, database_url) as client:
        path = f"/leads/{row['id']}/field"
        first = await client.post(path, content=urlencode({"field": "domisili", "value": "Solo", "version": 1}))
        assert (first.status_code, 'value="Solo"' in first.text, "user:budi" in first.text) == (200, True, True)
        stale = await client.post(path, content=urlencode({"field": "domisili", "value": "Medan", "version": 1}))
        assert (stale.status_code, 'value="Medan"' in stale.text, "now: Solo" in stale.text) == (409, True, True)
        bad = await client.post(path, content=urlencode({"field": "urgency_level", "value": "soon", "version": 2}))
        assert (bad.status_code, "high, medium, low" in bad.text) == (422, True)
    assert (await lead(pool))["domisili"] == "Solo"


async def test_the_desk_moves_notes_and_answers(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung 3 tahun", "chat numpuk, berapa harganya? butuh minggu ini")
    await extracted(pool)
    row = await lead(pool)
    (suggestion,) = await rows(pool, "lead_suggestions")
    async with browser(pool, redis_url, database_url) as client:
        panel = await client.post(f"/suggestions/{suggestion['id']}/accept")
        assert (panel.status_code, (await lead(pool))["status"]) == (200, "qualified")
        await client.post(f"/leads/{row['id']}/status", content="status=contacted")
        noted = await client.post(f"/leads/{row['id']}/notes", content=urlencode({"text": "called <b>back</b>"}))
        assert "called &lt;b&gt;back&lt;/b&gt;" in noted.text
    assert (await lead(pool))["status"] == "contacted"
    assert {one["actor"] for one in await rows(pool, "access_log")} == {"user:budi"}
