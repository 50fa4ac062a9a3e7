"""Lists, searches and reads leave a row each: who, which filter, how many, whom; and no words that were typed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from docs.examples.manager_bot import call, connected
from domain.lead import Source
from store.access import access_log
from store.access.access_log import MOST_IDS, AccessLog
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.desk import says, signed_in, web
from tests.helpers import until
from tests.web.api.test_api import program
from tests.web.mcp.test_mcp import key
from workers.jobs.upkeep import keep_days

OTHER = "6281200000001"
ALICE = Actor(Source.HUMAN, "user:alice")


async def looks(pool: Pool, count: int) -> list[dict[str, Any]]:
    """Once so many are written, the oldest first."""

    async def written() -> bool:
        return int(await pool.fetchval("SELECT count(*) FROM access_log WHERE filter IS NOT NULL")) >= count

    await until(written)
    rows = await pool.fetch("SELECT * FROM access_log WHERE filter IS NOT NULL ORDER BY at, id")
    return [dict(row) | {"filter": orjson.loads(row["filter"])} for row in rows]


async def test_a_program_leaves_a_row_for_each_request(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        for _ in range(2):
            await http.get("/leads", params={"status": "new", "q": "0812-3456-7890"})
        await http.get("/customers", params={"per_page": 5})
        await http.get("/customers/search", params={"q": "somebody unknown"})
        await http.get(f"/customers/{id}")
        found = await looks(pool, 5)
    assert [(one["actor"], one["action"], one["shown"], one["lead_ids"]) for one in found] == [
        ("key:orchestrator", "list", 1, [id]), ("key:orchestrator", "list", 1, [id]), ("key:orchestrator", "list", 1, [id]),
        ("key:orchestrator", "search", 0, []), ("key:orchestrator", "read", 1, [id]),
    ]  # fmt: skip
    assert found[0]["filter"] == {"status": ["new"], "q": "14 characters"}
    assert "3456" not in str(found)
    assert "unknown" not in str(found)


async def test_an_open_list_is_noted_once_and_another_filter_anew(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo")
    async with signed_in(pool, redis_url, database_url, role="operator") as http:
        for _ in range(3):
            await http.get("/")
            await http.get("/leads/rows")
        await http.get("/leads/rows?view=waiting")
        assert [one["filter"] for one in await looks(pool, 2)] == [{}, {"view": "waiting"}]
        page = (await http.get("/ops/access")).text
        assert ("user:budi" in page, "view: waiting" in page) == (True, True)


async def test_an_open_list_notes_whom_it_had_not_shown(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    async with signed_in(pool, redis_url, database_url) as http:
        await http.get("/leads/rows")
        await chat(pool, "pagi", number=OTHER)
        await http.get("/leads/rows?evil=" + "x" * 5000)
        found = await looks(pool, 2)
    joko = (await lead(pool, number=OTHER))["id"]
    assert [(one["filter"], one["lead_ids"]) for one in found][1] == ({}, [joko])


PEOPLE = ("/search?q=Rina", "/board", "/tasks", "/suggestions", "/tickets", "/deleted", "/knowledge?in=chats&q=laundry",
          "/customers", "/handoffs", "/leads.csv", "/leads/{id}/find?q=halo", "/leads/{id}/belongings")  # fmt: skip
READ = ("messages", "history", "notes", "conversations", "people")


@pytest.mark.parametrize("path", [*PEOPLE, *(f"/api/v1/leads/{{id}}/{one}" for one in READ), "/api/v1/messages/wamid.1",
                                  "/api/v1/suggestions", "/api/v1/tickets", "/api/v1/conversations/search?q=laundry"])  # fmt: skip
async def test_whoever_looks_at_people_leaves_a_row(pool: Pool, redis_url: str, database_url: str, path: str) -> None:
    await says(pool, "halo, saya punya laundry", name="Rina", id="wamid.1")
    await extracted(pool)
    id = (await lead(pool))["id"]
    await leads.snooze(pool, id, datetime.now(UTC) + timedelta(days=1), by=ALICE, questions=None)
    async with signed_in(pool, redis_url, database_url) as http:
        assert (await http.get(path.format(id=id))).status_code == 200

        async def noted() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM access_log WHERE actor = 'user:budi'"))

        await until(noted)


async def test_agents_are_noted_too(pool: Pool, redis: Redis, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    async with web(redis_url, database_url) as base, connected(base, await key(pool)) as client:
        await call(client, "search_leads", status=["new"])
        (one,) = await looks(pool, 1)
    assert (one["actor"], one["action"], one["filter"]) == ("key:manager", "list", {"status": "new"})


async def test_whom_is_kept_up_to_fifty_and_all_of_it_for_so_many_days(pool: Pool) -> None:
    noted = AccessLog(pool)
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    noted.note("user:budi", "list", {}, [id] * MOST_IDS)
    noted.note("user:budi", "list", {}, [id] * (MOST_IDS + 1))
    await noted.write()
    await noted.write()  # nothing is written twice
    rows = await pool.fetch("SELECT shown, lead_ids FROM access_log ORDER BY at, id")
    assert [(one["shown"], len(one["lead_ids"] or [])) for one in rows] == [(50, 50), (51, 0)]
    await pool.execute("UPDATE access_log SET at = now() - interval '11 days'")
    await keep_days(pool, days=30, handoff_days=365, access_days=12)
    assert len(await access_log.newest(pool, limit=5)) == 2
    await keep_days(pool, days=30, handoff_days=365, access_days=10)
    assert await access_log.newest(pool, limit=5) == []


async def test_what_is_noted_during_a_write_is_kept(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "MOST_WAITING", 3)
    noted = AccessLog(pool)
    for name in "abc":
        noted.note(f"user:{name}", "list", {}, [])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE access_log")
        writing = asyncio.create_task(noted.write())
        await until(lambda: blocked(pool))
        for name in "de":
            noted.note(f"user:{name}", "list", {}, [])
    await writing
    await noted.write()
    assert await pool.fetchval("SELECT string_agg(right(actor, 1), '' ORDER BY id) FROM access_log") == "abcde"


async def blocked(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))
