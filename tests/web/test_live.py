"""One look at the database serves all who look; files come without their address; search forgives."""

import asyncio
import gzip
import re
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.lead_filter import LeadFilter
from store import postgres
from store.access import api_keys
from store.inbox.inbox import Waiting
from store.leads import lead_list
from store.leads.lead_list import arguments, tally
from store.ops import lag
from store.ops import live as ops_live
from store.postgres import Pool, statement
from tests.chats import chat, lead
from tests.desk import client, cookie, says, signed_in, user, web
from tests.helpers import rows, served, until
from web.live import ASK_SECONDS, STILL_HERE, Hub

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"


async def test_fifty_open_lists_cost_one_query_a_view_and_tick(
    pool: Pool, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted where the store is asked for a page of the list."""
    reads: list[LeadFilter] = []
    read = lead_list.page

    async def counted(pool: Pool, wanted: LeadFilter, **options: Any) -> lead_list.ListedLeads:
        reads.append(wanted)
        return await read(pool, wanted, **options)

    monkeypatch.setattr(lead_list, "page", counted)
    await chat(pool, "halo")
    for n in range(50):
        await user(pool, f"user{n}")

    async with web(redis_url, database_url) as base:
        clients = [
            httpx.AsyncClient(base_url=base, headers={"Cookie": await cookie(pool, f"user{n}")}) for n in range(50)
        ]
        lines = [asyncio.create_task(_listen(one)) for one in clients]
        await asyncio.gather(*(one.get("/leads/rows") for one in clients))
        reads.clear()
        ticks = 5
        for n in range(ticks):
            await chat(pool, f"pesan {n}", number="628999000", at=n)
            await until(lambda n=n: _shows(clients[0], f"pesan {n}"))  # type: ignore[misc]
            pages = await asyncio.gather(*(one.get("/leads/rows") for one in clients))
            assert all(f"pesan {n}" in page.text for page in pages)
        for line in lines:
            line.cancel()
        for one in clients:
            await one.aclose()
    # Fifty people asked five times.
    assert ticks <= len(reads) <= 3 * ticks


async def _shows(http: httpx.AsyncClient, text: str) -> bool:
    return text in (await http.get("/leads/rows")).text


async def _listen(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/live", timeout=None) as line:
        async for _ in line.aiter_bytes():
            pass


async def test_a_listener_hears_of_every_commit_and_of_nothing_else(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    newest = ops_live.newest

    async def counted(pool: Pool) -> str:
        looks.append(await newest(pool))
        return looks[-1]

    monkeypatch.setattr(ops_live, "newest", counted)
    hub = Hub(pool)

    async def may() -> bool:
        return True

    line = hub.listen("somebody", may, asyncio.Event().wait)
    heard: Counter[bytes] = Counter()

    async def listen() -> None:
        async for part in line:
            heard[part] += part != STILL_HERE

    listening = asyncio.create_task(listen())
    await until(lambda: _is(sum(heard.values()) >= 2))
    seen = sum(heard.values())
    looks.clear()
    await until(lambda: _is(len(looks) >= 4))
    assert sum(heard.values()) == seen  # nothing was written, nothing is told
    await chat(pool, "halo")
    await until(lambda: _is(sum(heard.values()) > seen))
    listening.cancel()
    await asyncio.wait({listening})
    await hub.close()


async def test_streams_that_are_read_still_do_not_hold_up_the_end_of_the_server(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    key = await api_keys.add(pool, "program", ["leads:read"])
    await user(pool)
    session = {"Cookie": await cookie(pool)}
    ways = [("/live", session), ("/api/v1/events", {"Authorization": f"Bearer {key}"})]
    async with httpx.AsyncClient() as http, asyncio.TaskGroup() as readers:
        async with web(redis_url, database_url) as base:
            heard = [asyncio.Event() for _ in ways]
            for event, (path, headers) in zip(heard, ways, strict=True):
                readers.create_task(_read(http, base + path, headers, event))
            for event in heard:
                await event.wait()
            begun = time.monotonic()
        assert time.monotonic() - begun < ASK_SECONDS / 2


async def test_a_reader_who_has_left_is_forgotten_at_once(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url) as http:
        event = asyncio.Event()
        reading = asyncio.create_task(_read(http, "/live", {}, event))
        await event.wait()
        reading.cancel()
        begun = time.monotonic()
    assert time.monotonic() - begun < ASK_SECONDS / 2


async def _read(http: httpx.AsyncClient, url: str, headers: dict[str, str], heard: asyncio.Event) -> None:
    """To its end."""
    async with http.stream("GET", url, headers=headers, timeout=None) as line:
        async for _ in line.aiter_bytes():
            heard.set()


async def _is(value: bool) -> bool:
    return value


async def test_what_fails_is_not_kept_for_others(pool: Pool) -> None:
    hub = Hub(pool)
    outcomes = iter([ValueError("no"), 7])

    async def make() -> object:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(ValueError, match="no"):
        await hub.shared("view", make, seconds=60)
    assert await hub.shared("view", make, seconds=60) == 7
    assert await hub.shared("view", make, seconds=60) == 7
    await hub.close()


def test_a_page_is_light() -> None:
    """All script and style that any page loads, as it goes over the line."""
    files = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css")]
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in files) < 72_000
    assert len(files) > 8


# -- files of messages


async def _files(requests: list[str]) -> Starlette:
    async def file(request: Request) -> Response:
        requests.append(request.headers.get("range", ""))
        kind = {"picture": "image/png", "page": "text/html", "drawing": "image/svg+xml"}[request.path_params["name"]]
        return Response(b"<script>bytes</script>", media_type=kind)

    async def away(_: Request) -> Response:
        return RedirectResponse("http://127.0.0.1:1/secret")

    return Starlette(routes=[Route("/away", away), Route("/{name}", file)])


async def test_files_come_through_us_and_never_run(pool: Pool, redis_url: str, database_url: str) -> None:
    asked: list[str] = []
    async with served(await _files(asked)) as files:
        for name in ("picture", "page", "drawing"):
            await says(pool, "", id=f"wamid.{name}", type="image", image={"id": "1", "link": f"{files}/{name}"})
        for name, url in (
            ("away", f"{files}/away"),
            ("other", "https://evil.invalid/x"),
            ("local", "http://127.0.0.1:1/x"),
        ):
            await says(pool, "", id=f"wamid.{name}", type="image", image={"id": "1", "link": url})
        host = files.removeprefix("http://")
        async with signed_in(pool, redis_url, database_url, media_hosts=(host, "kapso.ai")) as http:
            picture = await http.get("/media/wamid.picture", headers={"Range": "bytes=0-3"})
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
            assert asked == ["bytes=0-3"]
            for name in ("page", "drawing"):
                answer = await http.get(f"/media/wamid.{name}")
                assert answer.headers["content-type"] == "application/octet-stream"
                assert answer.headers["content-disposition"] == "attachment"
                assert "sandbox" in answer.headers["content-security-policy"]
            for name in ("away", "other", "local"):
                answer = await http.get(f"/media/wamid.{name}")
                assert (answer.status_code, "127.0.0.1" in answer.text) == (502, False), name
            assert (await http.get("/media/wamid.nothing")).status_code == 404
            panel = (await http.get(f"/leads/{(await lead(pool))['id']}")).text
            assert ("/media/wamid.picture" in panel, host in panel, "evil.invalid" in panel) == (True, False, False)


# -- search


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("rina", ["Rina Wulandari"]), ("WULAN rin", ["Rina Wulandari"]), ("wulandri", ["Rina Wulandari"]),
        ("0812-0000-0001", ["Rina Wulandari"]), ("+62 812 0000 0002", ["Bayu_Pratama%"]), ("0002", ["Bayu_Pratama%"]),
        ("_pra", ["Bayu_Pratama%"]), ("%", ["Bayu_Pratama%"]), ("city:bandung", ["Rina Wulandari"]),
        ("rina city:solo", []), ("score:>70", ["Bayu_Pratama%"]), ("score:<=70", ["Rina Wulandari"]),
        ("status:hot", ["Bayu_Pratama%"]), ("08120000", ["Bayu_Pratama%", "Rina Wulandari"]), ("zzzzqqq", []),
    ],
)  # fmt: skip
async def test_search_finds_people(pool: Pool, redis_url: str, database_url: str, asked: str, found: list[str]) -> None:
    await says(pool, "halo", number="6281200000001", name="Rina Wulandari")
    await says(pool, "halo", number="6281200000002", name="Bayu_Pratama%")
    await pool.execute(
        "UPDATE lead_records SET domisili = 'Bandung', lead_score = 65 WHERE contact_id IN (SELECT id FROM contacts WHERE name LIKE 'Rina%')"
    )
    await pool.execute(
        "UPDATE lead_records SET lead_temperature = 'hot', lead_score = 71 WHERE contact_id IN (SELECT id FROM contacts WHERE name LIKE 'Bayu%')"
    )
    async with signed_in(pool, redis_url, database_url) as http:
        page = (await http.get("/leads/rows", params={"q": asked})).text
        assert sorted(re.findall(r"data-lead=[^>]*>([^<]+)</a>", page)) == found


async def test_search_follows_names_wherever_they_change(pool: Pool) -> None:
    async def who(part: str) -> list[Any]:
        return [row["phone"] for row in (await lead_list.page(pool, LeadFilter(parts=[part]))).leads]

    await says(pool, "halo", name="Rina")
    assert await who("rina") == ["+6281234567890"]
    await says(pool, "halo", name="Siti")  # a tie of one second goes to the greater name
    assert await who("siti") == ["+6281234567890"]
    await pool.execute("UPDATE lead_records SET name = 'Ibu Ani'")
    assert await who("ibu ani") == ["+6281234567890"]
    assert [row["words"] for row in await rows(pool, "lead_search")] == ["ibu ani siti +6281234567890"]


@pytest.mark.parametrize(
    "asked",
    [
        "rina wulandri", "rina wuladnari", "rina wulandarri", "rona wulandari", "rian wulandari", "wulandri rina",
        "rinaw ulandari", "rina qqqqq", "wulandary", "rnia", "\' rona & !(<->:*|\\) wulandari", "rona " + "x" * 5000,
    ],
)  # fmt: skip
async def test_a_name_is_found_however_it_is_mistyped(pool: Pool, asked: str) -> None:
    await says(pool, "halo", name="Rina Wulandari")
    await says(pool, "halo", number="6281200000002", name="'&| \\' <-> Joko:* !(")
    parts = asked.split()
    found = [row["name"] for row in (await lead_list.page(pool, LeadFilter(parts=parts))).leads]
    assert found == ["Rina Wulandari"]


async def test_the_fewest_mistakes_come_first(pool: Pool) -> None:
    for n, name in enumerate(("Rona Wulandary", "Joko Wulandari", "Rina Wulandari", "Rona Wulandari")):
        await says(pool, "halo", number=f"628120000000{n}", name=name)
    found = [row["name"] for row in (await lead_list.page(pool, LeadFilter(parts=["rona", "wulandari"]))).leads]
    assert found[0] == "Rona Wulandari"
    assert sorted(found[1:]) == ["Rina Wulandari", "Rona Wulandary"]  # who shares a word only is no likely one


async def test_who_shares_a_word_is_guessed_when_there_is_nobody_else(pool: Pool) -> None:
    await says(pool, "halo", name="Joko Wulandari")
    page = await lead_list.page(pool, LeadFilter(parts=["rona", "wulandari"]))
    assert ([row["name"] for row in page.leads], page.guessed) == (["Joko Wulandari"], True)


async def test_who_was_deleted_is_nobodys_guess(pool: Pool) -> None:
    await says(pool, "halo", name="Rina Wulandari")
    await pool.execute("UPDATE lead_records SET deleted_at = now()")
    assert await pool.fetch(statement("leads_spelled_like"), "rona wulandari", 10) == []


async def test_typos_are_forgiven_without_pg_trgm_too(pool: Pool) -> None:
    await says(pool, "halo", name="Rina")
    await pool.execute("DROP EXTENSION pg_trgm CASCADE")
    for asked in ("rin", "rona"):
        assert len((await lead_list.page(pool, LeadFilter(parts=[asked]))).leads) == 1


async def test_the_plan_of_a_typo_goes_along_its_index(pool: Pool, database_url: str) -> None:
    await pool.execute("INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, 5000)")
    await pool.execute("UPDATE contacts SET name = 'Person ' || id")
    await pool.execute("VACUUM ANALYZE")
    body = await pool.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'leads_spelled_like'")
    asked = body[body.index("SELECT s.lead_id") : body.index("- cardinality")]
    for name, value in (("way", "$1::tsquery"), ("found", "'{}'::uuid[]"), ("most", "50")):
        asked = re.sub(rf"\b{name}\b", value, asked)
    reading = await postgres.connect(database_url, size=1)
    try:
        plan = "\n".join(row[0] for row in await reading.fetch("EXPLAIN (COSTS OFF) " + asked, "wulandri"))
    finally:
        await reading.close()
    assert "lead_search_by_spelling" in plan, plan


async def test_the_plan_of_a_search_goes_along_its_index(pool: Pool, database_url: str) -> None:
    await pool.execute("INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, 5000)")
    await pool.execute("UPDATE contacts SET name = 'Person ' || id")
    await pool.execute("VACUUM ANALYZE")
    reading = await postgres.connect(database_url, size=1)
    try:
        given = (*arguments(LeadFilter(parts=["wulandari"])), None, None, None, 51)
        plan = "\n".join(row[0] for row in await reading.fetch("EXPLAIN (COSTS OFF) " + statement("lead_page"), *given))
    finally:
        await reading.close()
    assert "lead_search_by" in plan, plan
    for table in ("lead_search", "lead_records", "contacts"):
        assert f"Seq Scan on {table} " not in plan


def test_counts_are_told_by_facet() -> None:
    groups: list[dict[str, object]] = [
        {"status": "new", "temperature": "hot", "phase": None, "waiting": True, "leads": 2},
        {"status": "new", "temperature": None, "phase": "A", "waiting": False, "leads": 3},
        {"status": "archived", "temperature": "hot", "phase": "A", "waiting": False, "leads": 5},
    ]
    found = tally(groups, {"status": ["new"], "waiting": [True]})
    assert found["all"] == {"all": 2}
    assert found["status"] == {"new": 2}
    assert found["waiting"] == {"true": 2, "false": 3}
    assert (found["temperature"], found["phase"]) == ({"hot": 2}, {})


async def test_samples_are_taken_once_by_many(pool: Pool) -> None:
    await chat(pool, "halo")
    await asyncio.gather(*(lag.sample(pool, Waiting(3, 1.5)) for _ in range(4)))
    taken = await lag.samples(pool, timedelta(minutes=10))
    assert len(taken) <= 2  # two where the ten seconds turn in between
    assert (taken[0]["waiting"], taken[0]["oldest_seconds"]) == (3, 1.5)


async def test_nobody_is_seen_by_who_is_not_signed_in(pool: Pool, redis_url: str, database_url: str) -> None:
    async with web(redis_url, database_url) as base, client(base, "session=nonsense") as http:
        assert (await http.get("/leads/rows")).status_code == 303
        moved = await http.get("/leads/rows", headers={"HX-Request": "true"})
        assert (moved.status_code, moved.headers["hx-redirect"]) == (401, "/login")
