"""The overview: figures against a count in Python, links, CSV, and Undo of changes by AI."""

import re
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from redis.asyncio import Redis

from domain.lead import Source
from store.access import api_keys
from store.leads import leads, overview
from store.leads.leads import Actor
from store.leads.overview import AGES, FEED, Figures, Overview, OverviewFilter, OwnerRow
from store.postgres import Pool
from tests.chats import chat, extracted
from tests.desk import client, cookie, signed_in, user, web
from tests.helpers import until
from tests.workers.processes import worker

JAKARTA = ZoneInfo("Asia/Jakarta")
BUDI = Actor(Source.HUMAN, "user:budi")
# City, owner, status, temperature, days ago, minutes until the first answer (None: none), estimated value.
PEOPLE = [
    ("Bandung", "budi", "new", "hot", 1, 5, 1000),
    ("Bandung", "budi", "qualified", "warm", 2, 15, None),
    ("Bandung", None, "contacted", "cold", 3, None, None),
    ("Surabaya", "sari", "converted", "hot", 4, 25, None),
    ("Surabaya", "sari", "archived", None, 5, None, 400),
    ("Surabaya", "budi", "new", "lukewarm", 9, 10, 500),
    (None, None, "converted", "warm", 12, 30, None),
]


@pytest.fixture
async def town(pool: Pool) -> datetime:
    """Create PEOPLE with their chats and statuses, and return the time."""
    await user(pool, "budi")
    await user(pool, "sari")
    now = datetime.now(UTC)
    for n, (city, owner, status, temperature, days, minutes, value) in enumerate(PEOPLE):
        number = f"62812000{n:04}"
        await chat(pool, "halo", number=number)
        if minutes is not None:
            await chat(pool, "< Halo Kak", number=number, at=60 * minutes)
        id = await pool.fetchval(
            "SELECT r.id FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id WHERE c.wa_id = $1", number
        )
        for stage in {"contacted": ["qualified", "contacted"], "converted": ["contacted", "converted"]}.get(
            status, [status]
        ):
            if stage != "new":
                await leads.set_status(pool, id, stage, by=BUDI)
        await pool.execute(
            "UPDATE lead_records SET domisili = $2, owner = $3, lead_temperature = $4, created_at = $5::timestamptz, estimated_value = $6,"
            " predicted_close_probability = 0.5, converted_at = CASE WHEN status = 'converted' THEN $5::timestamptz END WHERE id = $1",
            id, city, owner, temperature, now - timedelta(days=days), value,
        )  # fmt: skip
    await overview.fill_reply_times(pool, now)
    return now


async def asked(pool: Pool, now: datetime, **more: Any) -> Overview:
    return await overview.overview(pool, OverviewFilter(now, **more), JAKARTA)


async def test_each_figure_is_what_a_count_by_hand_says(pool: Pool, town: datetime) -> None:
    found = await asked(pool, town)
    week = [one for one in PEOPLE if one[4] < 7]
    before = [one for one in PEOPLE if 7 <= one[4] < 14]
    for figures, people in ((found.now, week), (found.before, before)):
        waits = [one[5] * 60 for one in people if one[5] is not None]
        never = [one for one in people if one[5] is None]
        worth = sum(0.5 * (one[6] or 0) for one in never)
        clients = sum(one[2] == "converted" for one in people)
        assert figures == Figures(len(people), clients, len(waits), median(waits), len(never), worth)
    assert (found.expected_value, found.leads_with_value) == (0.5 * (1000 + 500), 2)
    assert [(row["status"], row["leads"], row["lost"]) for row in found.funnel] == [
        ("new", 5, 1), ("qualified", 3, 0), ("contacted", 2, 0), ("converted", 1, 0)
    ]  # fmt: skip
    assert [(row["city"], row["leads"], row["hot"], row["converted"]) for row in found.cities] == [
        ("Bandung", 3, 1, 0), ("Surabaya", 2, 1, 1)
    ]  # fmt: skip
    assert found.owners == [
        OwnerRow("budi", open=3, waiting=0, new=2, replied=2, first_reply_seconds=600, converted=0),
        OwnerRow("sari", open=0, waiting=0, new=2, replied=1, first_reply_seconds=1500, converted=1),
    ]
    assert sum(sum(row[name] for name in ("hot", "warm", "lukewarm", "cold")) for row in found.weeks) == len(PEOPLE)
    assert [(row["origin"], row["leads"]) for row in found.origins] == [(None, 5)]


async def test_reply_times_follow_every_change_of_the_messages(pool: Pool) -> None:
    async def times() -> tuple[int, float | None]:
        filled = await overview.fill_reply_times(pool, datetime.now(UTC))
        seconds = "SELECT extract(epoch FROM answered_at - asked_at)::float FROM reply_times"
        return filled, await pool.fetchval(seconds)

    await chat(pool, "halo", at=600)
    assert await times() == (1, None)
    assert await times() == (0, None)
    await chat(pool, "< Halo Kak", at=660)
    assert await times() == (1, 60)
    await chat(pool, "ada orang?", at=300)  # comes late
    assert await times() == (1, 360)
    await pool.execute("UPDATE messages SET status = 'failed' WHERE direction = 'outbound'")
    await chat(pool, "halo?", at=700)
    assert await times() == (1, None)
    await pool.execute("UPDATE lead_records SET created_at = now() - interval '200 days'")
    await chat(pool, "< Maaf Kak", at=800)
    assert await times() == (0, None)  # no period of the overview reaches so far back


async def test_a_worker_computes_reply_times_by_itself(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    await chat(pool, "halo")
    async with worker(database_url, redis_url):
        await until(lambda: _exists(pool))


async def _exists(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM reply_times"))


async def test_city_and_owner_narrow_everything(pool: Pool, town: datetime) -> None:
    in_bandung = await asked(pool, town, city="bandung")
    assert (in_bandung.now.new, in_bandung.before.new, in_bandung.expected_value) == (3, 0, 500)
    budis = await asked(pool, town, owner="budi")
    assert (budis.now.new, [row["city"] for row in budis.cities]) == (2, ["Bandung"])
    assert sum(budis.waiting) <= 2


async def test_an_origin_narrows_the_overview_and_the_list(
    pool: Pool, redis_url: str, database_url: str, town: datetime
) -> None:
    referral = '{"source_type": "ad", "headline": "Diskon & bonus"}'
    await pool.execute(
        "UPDATE messages SET referral = $1 WHERE direction = 'inbound' AND contact_id IN (SELECT id FROM contacts WHERE wa_id LIKE '%0000' OR wa_id LIKE '%0003')",
        referral,
    )
    found = await asked(pool, town, origin="ad: Diskon & bonus")
    assert (found.now.new, found.now.converted, found.now.first_reply_seconds) == (2, 1, 900)
    assert [(row["origin"], row["leads"]) for row in found.origins] == [("ad: Diskon & bonus", 2)]
    assert (await asked(pool, town, origin="ad")).now.new == 0
    async with web(redis_url, database_url) as base, client(base, await cookie(pool)) as http:
        page = (await http.get("/overview")).text
        (link,) = re.findall(r'href="(/[^"]*origin=[^"]*)"', page)
        listed = (await http.get(link.replace("&amp;", "&"))).text
        assert len(set(re.findall(r'href="/\?lead=([0-9a-f-]{36})', listed))) == 2


async def test_programs_get_the_same_figures(pool: Pool, redis_url: str, database_url: str, town: datetime) -> None:
    key = await api_keys.add(pool, "reports", ["leads:read"])
    async with (
        web(redis_url, database_url) as base,
        httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}) as http,
    ):
        told = (await http.get("/api/v1/overview", params={"days": 30, "time_zone": "Asia/Jakarta"})).json()
        found = await asked(pool, town, days=30)
        assert (told["now"]["new"], told["now"]["first_reply_seconds"]) == (7, found.now.first_reply_seconds)
        assert [row["owner"] for row in told["owners"]] == ["budi", "sari"]
        assert {row["age"]: row["leads"] for row in told["waiting"]} == dict(zip(AGES, found.waiting, strict=True))
        for wrong in ({"days": 8}, {"time_zone": "Asia/Bandung"}, {"town": "Bandung"}):
            assert (await http.get("/api/v1/overview", params=wrong)).status_code == 422, wrong


async def test_who_waits_is_counted_by_how_long(pool: Pool) -> None:
    for n, minutes in enumerate((10, 90, 300, 2000, 20_000)):
        await chat(pool, "halo", number=f"62813000{n:04}")
        await pool.execute(
            "UPDATE contacts SET waiting_since = now() - $2 * interval '1 minute' WHERE wa_id = $1",
            f"62813000{n:04}",
            minutes,
        )
    assert (await asked(pool, datetime.now(UTC))).waiting == [1, 1, 1, 1, 1]
    await user(pool)
    # A snoozed lead does not wait for us, neither here nor in the list, until the person writes again.
    await pool.execute(
        "UPDATE lead_records AS r SET snoozed_until = now() + interval '1 hour', snoozed_after = c.questions, owner = 'budi'"
        " FROM contacts AS c WHERE c.id = r.contact_id AND c.wa_id IN ('628130000003', '628130000004')"
    )
    found = await asked(pool, datetime.now(UTC))
    assert (found.waiting, [(one.open, one.waiting) for one in found.owners]) == ([1, 1, 1, 0, 0], [(2, 0)])
    await chat(pool, "halo?", number="628130000004")
    assert sum((await asked(pool, datetime.now(UTC))).waiting) == 4


async def test_a_new_mirror_has_an_overview_too(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "viewer") as http:
        page = await http.get("/overview")
        assert page.status_code == 200
        assert (await asked(pool, datetime.now(UTC))).now == Figures(0, 0, 0, None, 0, 0)


async def test_the_page_leads_to_the_leads_and_gives_tables(
    pool: Pool, redis_url: str, database_url: str, town: datetime
) -> None:
    async with web(redis_url, database_url) as base, client(base, await cookie(pool)) as http:
        page = (await http.get("/overview?days=30&city=Surabaya")).text
        for link in re.findall(r'href="(/\\?[^"]*)"', page):
            assert (await http.get(link.replace("&amp;", "&"))).status_code == 200, link
        table = (await http.get("/overview/cities.csv?days=30")).text.splitlines()
        assert table[0].lstrip("\ufeff") == "city,leads,hot,converted"
        assert table[1] == "Bandung,3,1,0"
        assert (await http.get("/overview/secrets.csv")).status_code == 404


async def test_what_ai_did_today_is_of_the_leads_that_the_overview_shows(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    for n in range(FEED):
        await chat(pool, f"saya Rina dari {'Bandung' if n % 2 else 'Kediri'}", number=f"62812000{n:04}")
    await extracted(pool)
    async with signed_in(pool, redis_url, database_url) as http:
        everywhere = (await http.get("/overview")).text
        assert f"{3 * FEED} fields of {FEED} leads changed. The newest {FEED} of these changes:" in everywhere
        page = (await http.get("/overview?city=Kediri")).text
        assert f"{3 * FEED // 2} fields of {FEED // 2} leads changed." in page
        assert "<strong>Kediri</strong>" in page
        assert "<strong>Bandung</strong>" not in page


async def test_what_ai_did_today_is_listed_and_taken_back(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina dari Bandung, usaha laundry")
    await extracted(pool)
    async with signed_in(pool, redis_url, database_url, "sales") as http:
        page = (await http.get("/overview")).text
        (form,) = (one for one in re.findall(r"<form method.*?</form>", page, re.DOTALL) if 'value="domisili"' in one)
        (action,) = re.findall(r' action="([^"]+)"', form)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert fields == {"field": "domisili", "value": "", "was": "Bandung"}
        done = await http.post(action, data=fields)
        assert done.status_code == 200
        assert await pool.fetchval("SELECT domisili FROM lead_records") is None
        assert 'value="domisili"' not in (await http.get("/overview")).text
        # A person took it back: AI does not set it again.
        await extracted(pool)
        assert await pool.fetchval("SELECT domisili FROM lead_records") is None
