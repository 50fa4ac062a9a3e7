"""The desk over real HTTP: who gets in, who may write, and what a page shows."""

import asyncio
import json
import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from starlette.routing import Route

from domain.phone import Phones
from knowledge.embedder import Embedders
from store.access import accounts, passwords
from store.access.access_log import AccessLog
from store.access.passwords import BadPassword, SignInTries
from store.crm.handoffs import PostgresCRMClient
from store.media.source import MediaSource
from store.ops import replays
from store.ops.dead_letters import LetterQuery
from store.ops.status import MirrorStatus
from store.postgres import Pool, statement
from store.privacy.tombstones import NOBODY_ERASED
from tests.chats import chat, extracted, lead
from tests.desk import PASSWORD, client, form, signed_in, user, web
from tests.helpers import bounds, delivery, rows, settled
from tests.workers.drain.test_order import message
from web.app import Dashboard
from web.desk.media import MediaPages
from web.desk.reply_links import ReplyLinks
from workers.jobs.asked_replays import run_asked

NOBODY = "/leads/00000000-0000-0000-0000-000000000001"
PLACES = {"part": "cities", "token": "abc", "name": "rina", "action": "disable", "id:uuid": "00000000-0000-0000-0000-000000000001", "fingerprint": "abc", "id:row": "1", "answer": "accept",
          "suggestion:row": "1", "answer:str": "accept", "id:path": "wamid.1", "session_id:path": "x", "rest:path": "x", "id": "1",
          "step:row": "1", "verdict:str": "approve", "contact": "00000000-0000-0000-0000-000000000001",
          "pid:row": "1", "contact:uuid": "00000000-0000-0000-0000-000000000001"}  # fmt: skip
OPEN = ("/login", "/login/code", "/invitation/abc", "/logout", "/static")


async def pages(pool: Pool) -> list[tuple[str, str]]:
    """(method, path) of every route that there is, its places filled in."""

    async def look() -> MirrorStatus:
        return MirrorStatus()

    dashboard = Dashboard(
        pool,
        look,
        Embedders(),
        AccessLog(pool),
        zone="Asia/Jakarta",
        phones=Phones("ID"),
        media=MediaPages(pool, MediaSource(()), None),
        crm=PostgresCRMClient(pool),
        reach=ReplyLinks(),
        provider=None,
    )
    routes = [route for route in dashboard.site().routes if isinstance(route, Route)]
    await dashboard.close()
    found = []
    for route in routes:
        path = re.sub(r"\{([^}]*)\}", lambda place: PLACES[place[1]], route.path)
        found += [(method, path) for method in route.methods or {"GET", "POST", "PATCH"} if method != "HEAD"]
    return sorted(found)


async def test_nothing_is_readable_without_signing_in(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo rahasia")
    every = await pages(pool)
    assert len(every) > 50
    async with web(redis_url, database_url) as base, client(base) as http:
        for method, path in every:
            if path in OPEN or (path.startswith("/api/v1/") and path.endswith("/x")):
                continue
            answer = await http.request(method, path)
            wanted = 401 if path.startswith("/api/v1") else 303
            assert (answer.status_code, "rahasia" in answer.text) == (wanted, False), path
            assert wanted == 401 or answer.headers["location"].startswith("/login"), path
        assert (await http.get("/login")).status_code == 200
        assert (await http.get("/healthz")).text == "alive"


async def test_a_viewer_reads_and_does_not_write(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url, "viewer") as http:
        panel = await http.get(f"/leads/{id}")
        assert (panel.status_code, "<textarea" in panel.text) == (200, False)
        answer = await http.post(f"/leads/{id}/status", content="status=qualified")
        assert (answer.status_code, "needs the role sales" in answer.text) == (403, True)
        assert (await http.get("/leads.csv")).status_code == 403
    assert (await lead(pool))["status"] == "new"


async def test_only_operators_look_after_the_mirror(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "sales") as http:
        for method, path in await pages(pool):
            if path.startswith("/ops"):
                assert (await http.request(method, path)).status_code == 403, path
        assert "/ops" not in (await http.get("/")).text


async def test_a_write_from_a_foreign_page_is_refused(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url) as http:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            answer = await http.post(f"/leads/{id}/status", content="status=qualified", headers=headers)
            assert answer.status_code == 403
        del http.headers["Sec-Fetch-Site"]
        for origin, code in (("https://evil.invalid", 403), (str(http.base_url).rstrip("/"), 200)):
            answer = await http.post(f"/leads/{id}/status", content="status=new", headers={"Origin": origin})
            assert answer.status_code == code
        assert (await http.post(f"/leads/{id}/status", content="status=qualified")).status_code == 403
    assert (await lead(pool))["status"] == "new"


async def test_a_cookie_is_kept_from_scripts_and_other_sites(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool)
    async with web(redis_url, database_url) as base, client(base) as http:
        answer = await http.post("/login", content=form(name="Budi ", password=PASSWORD, next="/ops?x=1"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/ops?x=1")
        for part in ("HttpOnly", "Secure", "SameSite=lax"):
            assert part in answer.headers["set-cookie"]
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert (
            await http.post("/login", content=form(name="budi", password=PASSWORD), headers=foreign)
        ).status_code == 403


async def test_wrong_passwords_are_refused_and_bounded(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool, "rina")
    async with web(redis_url, database_url) as base, client(base) as http:
        for _ in range(10):
            answer = await http.post("/login", content=form(name="rina", password="wrong"))
            assert answer.status_code == 401
        answer = await http.post("/login", content=form(name="rina", password=PASSWORD))
        assert answer.status_code == 429
    with pytest.raises(BadPassword):
        await accounts.add_user(pool, "short", "sales", "too short")


async def test_signing_out_and_disabling_end_sessions(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url) as http:
        assert (await http.get("/")).status_code == 200
        assert (await http.post("/logout")).status_code == 303
        assert (await http.get("/")).status_code == 303
        assert await rows(pool, "sessions") == []
    token = await accounts.sign_in(pool, "budi", PASSWORD, address="here")
    assert await accounts.signed_in(pool, token) is not None
    await accounts.change_user(pool, "budi", disabled=True)
    assert await accounts.signed_in(pool, token) is None


async def test_the_way_back_stays_inside(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool)
    async with web(redis_url, database_url) as base, client(base) as http:
        for evil in ("https://evil.invalid/", "//evil.invalid", "/\\evil.invalid", ""):
            answer = await http.post("/login", content=form(name="budi", password=PASSWORD, next=evil))
            assert answer.headers["location"] == "/"


async def test_the_list_shows_and_escapes_what_customers_write(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "<script>alert(1)</script> harganya?", contact_name="<i>Rina</i>")
    await chat(pool, "saya di Bandung", number="628999000")
    await extracted(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        assert (await http.get("/leads/rows?city=bandung")).text.count('<tr id="lead-') == 1
        page = await http.get("/")
        assert "&lt;i&gt;Rina&lt;/i&gt;" in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "<script>alert" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert 'id="nobody"' in (await http.get("/leads/rows?temperature=hot")).text
        for source in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert not urlsplit(source).netloc, source


async def test_an_edit_shows_who_was_quicker(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url) as http:
        path = f"/leads/{id}/field"
        first = await http.post(path, content=form(field="domisili", value="Solo", was=""))
        assert (first.status_code, 'value="Solo"' in first.text, "budi, <time" in first.text) == (200, True, True)
        late = await http.post(path, content=form(field="domisili", value="Medan", was=""))
        assert (late.status_code, "Now it is: Solo. Yours: Medan" in late.text) == (409, True)
        # Another field of the same lead is nobody's conflict.
        other = await http.post(path, content=form(field="business_type", value="laundry", was=""))
        assert other.status_code == 200
        bad = await http.post(path, content=form(field="urgency_level", value="soon", was=""))
        assert (bad.status_code, "high, medium, low" in bad.text) == (422, True)
    assert ((await lead(pool))["domisili"], (await lead(pool))["business_type"]) == ("Solo", "laundry")


async def test_the_desk_moves_notes_and_answers(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung 3 tahun", "chat numpuk, berapa harganya? butuh minggu ini")
    await extracted(pool, ai_applies=False)
    id = (await lead(pool))["id"]
    (suggestion,) = await rows(pool, "lead_suggestions")
    async with signed_in(pool, redis_url, database_url) as http:
        panel = await http.post(f"/leads/{id}/suggestions/{suggestion['id']}/accept")
        assert (panel.status_code, (await lead(pool))["status"]) == (200, "qualified")
        moved = await http.post(f"/leads/{id}/status", content="status=contacted")
        assert '"undo": {"status": "qualified", "was": "contacted"}' in moved.headers["hx-trigger"]
        noted = await http.post(f"/leads/{id}/notes", content=form(text="called <b>back</b>"))
        assert "called &lt;b&gt;back&lt;/b&gt;" in noted.text
        note = (await rows(pool, "lead_notes"))[-1]["id"]
        corrected = await http.post(f"/leads/{id}/notes", content=form(text="called twice", corrects=note))
        assert ("called twice" in corrected.text, 'class="note corrected"' in corrected.text) == (True, True)
        await http.post(
            f"/leads/{id}/field", content=form(field="domisili", value="Solo", was=(await lead(pool))["domisili"])
        )
        held = await http.get(f"/leads/{id}")
        assert "Let AI change it again" in held.text
        assert "let-go" not in (await http.post(f"/leads/{id}/let-go", content=form(field="domisili"))).text
    assert (await lead(pool))["status"] == "contacted"
    assert {one["actor"] for one in await rows(pool, "access_log")} == {"user:budi"}


async def test_a_move_of_ai_says_why_and_can_be_undone(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung", "chat numpuk, berapa harganya?", "< 499rb kak")
    await extracted(pool)
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url) as http:
        page = (await http.get(f"/leads/{id}")).text
        moved = page[page.index('id="moved"') :].partition("</p>")[0]
        assert "AI: qualified → contacted" in moved
        assert "a person has answered</a>" in moved
        url, values = re.findall(r"""hx-post="([^"]+)" hx-vals='([^']+)'""", moved)[0]
        assert json.loads(values) == {"status": "qualified", "was": "contacted"}
        await http.post(url, content=form(**json.loads(values)))
        assert 'id="moved"' not in (await http.get(f"/leads/{id}")).text
    assert (await lead(pool))["status"] == "qualified"


async def test_each_user_has_their_own_unread(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    await user(pool, "new", since=datetime.now(UTC))
    async with signed_in(pool, redis_url, database_url) as http:
        for _ in range(2):
            assert 'data-read="unread"' in (await http.get("/leads/rows")).text
            assert f"lead-{id}" in (await http.get("/leads/rows?view=unread")).text
            assert re.search(r">Unread\s*<small>1</small>", (await http.get("/leads/bar")).text)
            await http.get(f"/leads/{id}")
            assert re.search(r">Unread\s*<small>0</small>", (await http.get("/leads/bar")).text)
            assert 'data-read="read"' in (await http.get("/leads/rows")).text
            assert f"lead-{id}" not in (await http.get("/leads/rows?view=unread")).text
            await chat(pool, "< baik", at=10)  # what we say is nothing to read
            assert 'data-read="read"' in (await http.get("/leads/rows")).text
            await http.post(f"/leads/{id}/unread")
        await chat(pool, "masih ada?", at=20)
        assert 'data-read="unread"' in (await http.get("/leads/rows")).text
        # Who came here later is not shown the past as new.
        http.headers["Cookie"] = f"session={await accounts.sign_in(pool, 'new', PASSWORD, address='test')}"
        assert 'data-read="read"' in (await http.get("/leads/rows")).text


async def test_a_page_that_still_shows_a_lead_does_not_take_back_that_it_was_marked_as_unread(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    """What a page asked for before `u` was pressed may be answered after it; another tab may show the lead for hours."""
    await chat(pool, "halo")
    id = (await lead(pool))["id"]

    def again(html: str) -> str:
        found = re.search(rf'hx-get="(/leads/{id}[^"]*)"', html)
        assert found
        return unescape(found[1])

    async with signed_in(pool, redis_url, database_url) as http:
        page = (await http.get(f"/leads/{id}")).text
        await chat(pool, "masih ada?", at=10)
        assert 'data-read="unread"' in (await http.get("/leads/rows")).text
        page = (await http.get(again(page))).text  # it is on the screen now
        assert 'data-read="read"' in (await http.get("/leads/rows")).text
        await http.post(f"/leads/{id}/unread")
        for n in (0, 1):
            page = (await http.get(again(page))).text
            assert 'data-read="unread"' in (await http.get("/leads/rows")).text
            await chat(pool, "halo?", at=20 + n)
        await http.get(f"/leads/{id}?shown=yesterday")  # opened anew
        assert 'data-read="read"' in (await http.get("/leads/rows")).text


async def test_counts_follow_the_filter(pool: Pool, redis_url: str, database_url: str) -> None:
    for n in range(4):
        await chat(pool, "halo", number=f"62811000000{n}")
    await pool.execute("UPDATE lead_records SET lead_temperature = 'hot', chat_phase = 'C' WHERE contact_id IN "
                       "(SELECT id FROM contacts ORDER BY phone LIMIT 3)")  # fmt: skip
    await pool.execute("UPDATE lead_records SET status = 'qualified' WHERE contact_id IN "
                       "(SELECT id FROM contacts ORDER BY phone LIMIT 1)")  # fmt: skip

    def count(html: str, name: str) -> int:
        """Values that nobody has are not offered."""
        found = re.search(rf">{name}\s*<small>(\d+)</small>", html)
        return int(found[1]) if found else 0

    async def counted(query: str) -> str:
        return (await http.get(f"/leads/bar{query}")).text + (await http.get(f"/leads/choices{query}")).text

    async with signed_in(pool, redis_url, database_url) as http:
        bar = await counted("")
        assert [count(bar, name) for name in ("Inbox", "new", "qualified", "hot", "C")] == [4, 3, 1, 3, 3]
        bar = await counted("?status=new")
        # A chip says what choosing it would give: among the other filters, not its own.
        assert [count(bar, name) for name in ("Inbox", "new", "qualified", "hot", "C")] == [3, 3, 1, 2, 2]


async def test_the_csv_follows_the_filter_and_runs_nothing(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "=HYPERLINK(1)", "@sum", contact_name="Rina")
    await chat(pool, "halo, apa kabar?", number="628999000", contact_name="Budi")
    async with signed_in(pool, redis_url, database_url) as http:
        answer = await http.get("/leads.csv?q=rina")
        header, line, *rest = answer.content.decode("utf-8-sig").splitlines()
        assert (header.startswith("id,name,phone"), rest) == (True, [])
        assert ("Rina,+62 812-3456-7890" in line, "'@sum" in line) == (True, True)
        assert len((await http.get("/leads.csv")).text.splitlines()) == 3
        in_indonesian = await http.get("/leads.csv?q=rina", headers={"Accept-Language": "id-ID,id;q=0.9"})
        assert ";Rina;+62 812-3456-7890;" in in_indonesian.text
    assert [row["action"] for row in await rows(pool, "access_log")] == ["export"] * 3


async def test_a_page_that_has_it_all_is_not_sent_again(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url) as http:
        for path in ("/leads/rows", "/leads/bar", f"/leads/{id}"):
            tag = (await http.get(path)).headers["etag"]
            assert (await http.get(path, headers={"If-None-Match": tag})).status_code == 304, path
            await chat(pool, "lagi", number="628999000" if path != f"/leads/{id}" else "6281234567890", at=100)


async def test_times_and_words_are_the_viewers(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")  # at noon, UTC
    async with signed_in(pool, redis_url, database_url) as http:
        assert "2026-11-01 19:00:00 WIB" in (await http.get("/leads/rows")).text
        kept = await http.post(
            "/preferences", content=form(language="id", zone="Asia/Jayapura", theme="dark", next="/")
        )
        http.headers["Cookie"] += "; " + kept.headers["set-cookie"].split(";")[0]
        page = (await http.get("/")).text
        assert all(
            part in page for part in ("2026-11-01 21:00:00 WIT", "Belum dibaca", 'lang="id"', 'data-theme="dark"')
        )


async def test_odd_requests_are_answered(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url, role="admin") as http:
        for path in ("/?city=%00", "/?q=city:%00", "/ops/trace?q=%00", "/media/%00", "/ops/letters/%00"):
            assert (await http.get(path)).status_code == 400, path
        for path in (
            f"/leads/{id}?messages=²",
            "/ops/reconcile?before=²",
            "/ops/trace?q=x&days=²",
            "/ops/reconcile?before=99999999999999999999",
        ):
            assert (await http.get(path)).status_code == 200, path
        for path in ("/ops/replays/99999999999999999999", "/api/v1/messages/a%2Fb"):
            assert (await http.get(path)).status_code == 404, path
        assert (await http.post("/login", data={"name": "\0", "password": "x"})).status_code == 401
        assert (await http.post(f"/leads/{id}/notes", data={f"x{n}": "" for n in range(200)})).status_code == 422


async def test_a_search_says_what_it_did_not_understand(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    async with signed_in(pool, redis_url, database_url) as http:
        assert "Not understood: status:foo" in (await http.get("/leads/rows?q=status:foo")).text
        assert "Not understood" not in (await http.get("/leads/rows?q=status:new")).text
        for strange in ("status:foo", "score:>abc", "is:belum", "phase:Z", "status:foo halo"):
            found = await http.get("/leads/rows", params={"q": strange})
            assert ("data-lead" in found.text, "Not understood" in found.text) == (False, True), strange
            export = await http.get("/leads.csv", params={"q": strange})
            assert (export.status_code, "Nothing was exported" in export.text) == (422, True), strange
            listed = (await http.get("/api/v1/leads", params={"q": strange})).json()
            assert (listed["leads"], listed["not_understood"]) == ([], strange.split()[:1]), strange


async def test_many_wrong_passwords_at_once_are_counted_too(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url) as http:
        tries = [http.post("/login", data={"name": "budi", "password": "wrong"}) for _ in range(30)]
        codes = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert set(codes) == {401, 429}
    assert codes.count(401) <= 10


async def test_of_tries_that_begin_together_the_first_are_checked(pool: Pool) -> None:
    begun = [await pool.fetchval(statement("insert_login_failure"), "budi", "here") for _ in range(12)]
    judged = [await pool.fetchrow(statement("login_tries"), "budi", "here", this) for this in begun]
    assert [SignInTries(*one).is_too_often for one in judged] == [False] * 10 + [True] * 2


async def test_a_replay_that_was_not_of_one_cause_has_its_page(pool: Pool, redis_url: str, database_url: str) -> None:
    id = await replays.ask(pool, LetterQuery(kind="unexpected"), by="x", planned=0, go=True, per_second=100)
    await run_asked(pool, release="test", tombstones=NOBODY_ERASED, bounds=bounds)
    async with signed_in(pool, redis_url, database_url, role="admin") as http:
        page = await http.get(f"/ops/replays/{id}")
    assert (page.status_code, "done" in page.text) == (200, True)


def test_a_name_that_is_not_there_takes_as_long_as_one_that_is() -> None:
    """Its hash has the parameters with which passwords are hashed."""
    assert not PasswordHasher().check_needs_rehash(passwords.NOBODY)


async def test_two_searches_that_find_the_same_people_show_their_own_words(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "apakah ada kulkas?", "jual mesin juga?")
    await extracted(pool)
    # While a page listens, views are kept until something changes.
    async with signed_in(pool, redis_url, database_url) as http, http.stream("GET", "/live") as line:
        await anext(line.aiter_bytes())
        for words, other in (("kulkas", "mesin"), ("mesin", "kulkas")):
            found = (await http.get(f"/leads/rows?q={words}")).text
            assert (f"<mark>{words}</mark>" in found, f"<mark>{other}</mark>" in found) == (True, False), found


async def test_refusals_are_in_the_language_of_the_viewer(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "viewer") as http:
        http.headers["Accept-Language"] = "id-ID"
        for path, words in (
            ("/leads.csv", "Ini memerlukan peran sales"),
            (f"/leads/{UUID(int=7)}/find", "Ini tidak ada"),
        ):
            answer = await http.get(path, headers={"HX-Request": "true"})
            assert (answer.status_code in (403, 404), words in answer.text) == (True, True), answer.text


async def test_a_lead_with_a_username_only_has_one_name(pool: Pool, redis_url: str, database_url: str) -> None:
    heard = message("m1", 0, number=None, bsuid="ID.7")
    body = json.loads(heard.body)
    body["conversation"]["username"] = "rina.w"
    await settled(pool, [delivery(body, heard.event)])
    id = await pool.fetchval("SELECT id FROM leads")
    async with signed_in(pool, redis_url, database_url) as http:
        head = (await http.get(f"/leads/{id}")).text
        moved = await http.post(f"/leads/{id}/status", data={"status": "contacted"})
        for text in ((await http.get("/leads/rows")).text, head.partition("</h2>")[0], moved.headers["HX-Trigger"]):
            assert "@rina.w" in text
