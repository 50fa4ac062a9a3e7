"""The JSON API over real HTTP, by key and by session."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from store.access import api_keys
from store.access.api_keys import SCOPES, BadScope
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED
from tests.chats import chat, extracted, lead
from tests.desk import NUMBER, client, cookie, says, user, web
from tests.helpers import bounds, delivery, rows, settled
from web.live import MOST_LINES
from workers.jobs.asked_replays import run_asked

CONFIG = Path(__file__).resolve().parents[2] / "schemathesis.toml"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"


@asynccontextmanager
async def program(
    pool: Pool, redis_url: str, database_url: str, *scopes: str, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    key = await api_keys.add(pool, "orchestrator", list(scopes or SCOPES))
    async with web(redis_url, database_url, **settings) as base:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=f"{base}/api/v1", headers=headers) as http:
            yield http


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], bool(body["detail"])) == (answer.status_code, True)
    return answer.status_code, body["title"]


async def test_a_value_that_cannot_be_stored_is_the_programs_fault(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    async with program(pool, redis_url, database_url) as http:
        early = {"phone": "+6281200000001", "created_at": "0001-01-01T00:00:00+14:00"}
        assert problem(await http.post("/customers", json=early)) == (422, "Not possible")
        packet = {"session_id": "s", "lead_level": "hot", "handoff_reason": "hot_lead", "visitor_email": "\0a"}
        refused = await http.post("/handoffs", json=packet)
        assert refused.status_code == 422, refused.text


async def test_one_key_holds_no_more_than_its_share_of_lines(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http, AsyncExitStack() as lines:
        codes = [
            (await lines.enter_async_context(http.stream("GET", "/events"))).status_code for _ in range(MOST_LINES + 1)
        ]
        assert codes == [*[200] * MOST_LINES, 429]


async def test_a_program_reads_leads_page_by_page(pool: Pool, redis_url: str, database_url: str) -> None:
    for n in range(5):
        await says(
            pool, "halo", number=f"628120000000{n}", name=f"Person {n}", at=datetime.now(UTC) - timedelta(minutes=n)
        )
    async with program(pool, redis_url, database_url) as http:
        found, after = [], None
        for _ in range(3):
            page = (await http.get("/leads", params={"limit": 2} | ({"after": after} if after else {}))).json()
            found += [one["name"] for one in page["leads"]]
            after = page["next"]
        assert (found, after) == ([f"Person {n}" for n in range(5)], None)
        oldest = (await http.get("/leads", params={"order": "oldest", "limit": 1})).json()["leads"]
        assert oldest[0]["name"] == "Person 4"
        assert [one["name"] for one in (await http.get("/leads", params={"q": "0812-0000-0003"})).json()["leads"]] == [
            "Person 3"
        ]
        assert (await http.get("/leads", params={"status": "new,qualified", "waiting": "true"})).json()["leads"]
        for wrong in ({"limit": 0}, {"after": "x"}, {"status": "lost"}, {"unknown": "1"}, {"q": "\0"}):
            assert problem(await http.get("/leads", params=wrong)) == (422, "Invalid request"), wrong


@pytest.mark.parametrize("order", ["newest", "oldest", "priority"])
async def test_list_leads_pages_through_people_who_never_wrote(
    order: str, pool: Pool, redis_url: str, database_url: str
) -> None:
    async with program(pool, redis_url, database_url) as http:
        made = [
            await http.post("/customers", json={"name": f"Walk-in {n}", "email": f"walk-in{n}@example.com"})
            for n in range(3)
        ]
        await says(pool, "halo", name="Walk-in by WhatsApp")
        found: list[str] = []
        after: str | None = None
        for _ in range(5):
            params = {"q": "walk-in", "order": order, "limit": "1"} | ({"after": after} if after else {})
            answer = await http.get("/leads", params=params)
            assert answer.status_code == 200, answer.text
            found += [one["id"] for one in answer.json()["leads"]]
            after = answer.json()["next"]
            if after is None:
                break
        by_whatsapp = str(await pool.fetchval("SELECT id FROM lead_list WHERE last_message_at IS NOT NULL"))
        assert sorted(found) == sorted([by_whatsapp, *(one.json()["id"] for one in made)])
        if order != "priority":
            assert found.index(by_whatsapp) == (0 if order == "newest" else 3)


async def test_lead_messages_page_through_messages_without_a_time(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    """A status may come before its message; until then nobody knows when the message was sent."""
    await says(pool, "halo", id="wamid.timed")
    for n in range(3):
        read = {"id": f"wamid.untimed{n}", "timestamp": "1793500000", "to": NUMBER}
        talk = {"id": f"00000000-0000-4000-8000-{int(NUMBER[-10:]):012d}", "phone_number": NUMBER}
        await settled(pool, [delivery({"message": read, "conversation": talk}, "whatsapp.message.read")])
    async with program(pool, redis_url, database_url) as http:
        id = (await lead(pool))["id"]
        found: list[str] = []
        before: str | None = None
        for _ in range(6):
            page = (
                await http.get(f"/leads/{id}/messages", params={"limit": 1} | ({"before": before} if before else {}))
            ).json()
            found += [one["id"] for one in page["messages"]]
            before = page["next"]
            if before is None:
                break
    assert found == ["wamid.timed", "wamid.untimed2", "wamid.untimed1", "wamid.untimed0"]


async def test_a_patch_names_the_version_it_read(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        read = await http.get(f"/leads/{id}")
        tag = read.headers["etag"]
        assert problem(await http.patch(f"/leads/{id}", json={"domisili": "Solo"})) == (428, "Which version?")
        done = await http.patch(
            f"/leads/{id}", json={"domisili": "Solo", "pain_points": ["chat numpuk"]}, headers={"If-Match": tag}
        )
        assert (done.status_code, sorted(done.json()["changed"])) == (200, ["domisili", "pain_points"])
        assert done.json()["lead"]["why"]["domisili"]["actor"] == "key:orchestrator"
        assert problem(await http.patch(f"/leads/{id}", json={"domisili": "Medan"}, headers={"If-Match": tag})) == (
            412,
            "Changed meanwhile",
        )
        # Left out stays; null empties.
        newer = done.headers["etag"]
        emptied = await http.patch(f"/leads/{id}", json={"domisili": None}, headers={"If-Match": newer})
        assert (emptied.json()["lead"]["domisili"], emptied.json()["lead"]["pain_points"]) == (None, ["chat numpuk"])
        wrongs: tuple[object, ...] = (
            {"status": "new"},
            {"lead_score": 101},
            {"urgency_level": "soon"},
            {"name": ""},
            {"nothing": 1},
            [],
            "x",
        )
        for wrong in wrongs:
            assert problem(await http.patch(f"/leads/{id}", json=wrong, headers={"If-Match": "*"}))[0] == 422, wrong
        assert problem(await http.patch(f"/leads/{id}", content=b"{", headers={"If-Match": "*"})) == (400, "No JSON")
        assert problem(await http.patch(f"/leads/{uuid4()}", json={"name": "x"}, headers={"If-Match": "*"})) == (
            404,
            "Not found",
        )
        assert problem(await http.get("/leads/nobody")) == (404, "Not found")


async def test_what_a_person_holds_a_program_may_only_suggest(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    await user(pool)
    async with web(redis_url, database_url) as base, client(base, await cookie(pool)) as person:
        mine = await person.patch(f"/api/v1/leads/{id}", json={"domisili": "Solo"}, headers={"If-Match": "*"})
        assert mine.json()["lead"]["why"]["domisili"]["source"] == "human"
        foreign = {"If-Match": "*", "Sec-Fetch-Site": "cross-site"}
        assert problem(await person.patch(f"/api/v1/leads/{id}", json={"domisili": "X"}, headers=foreign)) == (
            403,
            "Not allowed",
        )
    async with program(pool, redis_url, database_url) as http:
        theirs = await http.patch(f"/leads/{id}", json={"domisili": "Medan"}, headers={"If-Match": "*"})
        assert (theirs.json()["changed"], theirs.json()["suggested"]) == ([], ["domisili"])
        assert [one["value"] for one in theirs.json()["lead"]["suggestions"]] == ["Medan"]


async def test_status_notes_history_and_messages(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung", "< Baik kak", "berapa harganya?")
    await extracted(pool, ai_applies=False)
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        moved = await http.post(f"/leads/{id}/status", json={"status": "qualified", "reason": "asked for the price"})
        assert (moved.json()["lead"]["status"], moved.json()["changed"]) == ("qualified", ["status"])
        assert (
            problem(await http.post(f"/leads/{id}/status", json={"status": "new"}, headers={"If-Match": '"1"'}))[0]
            == 412
        )
        noted = await http.post(f"/leads/{id}/notes", json={"text": " call on Monday "})
        assert (noted.status_code, [one["text"] for one in noted.json()["notes"]]) == (201, ["call on Monday"])
        first = noted.json()["notes"][0]["id"]
        await http.post(f"/leads/{id}/notes", json={"text": "call on Tuesday", "corrects": first})
        assert [one["corrected_by"] is None for one in (await http.get(f"/leads/{id}/notes")).json()["notes"]] == [
            False,
            True,
        ]
        assert problem(await http.post(f"/leads/{id}/notes", json={"text": "x", "corrects": 10**9})) == (
            404,
            "Not found",
        )
        history = (await http.get(f"/leads/{id}/history", params={"limit": 1})).json()
        assert (history["changes"][0]["field"], history["changes"][0]["new"]) == ("status", "qualified")
        older = (await http.get(f"/leads/{id}/history", params={"before": history["next"]})).json()
        assert "status" not in {one["field"] for one in older["changes"]}
        page = (await http.get(f"/leads/{id}/messages", params={"limit": 2})).json()
        assert [one["text"] for one in page["messages"]] == ["berapa harganya?", "Baik kak"]
        rest = (await http.get(f"/leads/{id}/messages", params={"before": page["next"]})).json()
        assert ([one["text"] for one in rest["messages"]], rest["next"]) == (
            ["saya Rina, usaha laundry di Bandung"],
            None,
        )
        one = (await http.get(f"/messages/{rest['messages'][0]['id']}")).json()
        assert (one["direction"], one["content"]["body"]) == ("inbound", "saya Rina, usaha laundry di Bandung")
        assert problem(await http.get("/messages/wamid.none")) == (404, "Not found")


async def test_dead_letters_are_planned_replayed_and_cancelled(pool: Pool, redis_url: str, database_url: str) -> None:
    await settled(pool, [delivery(b"{broken 6281234567890", "whatsapp.message.received")])
    async with program(pool, redis_url, database_url) as http:
        (group,) = (await http.get("/dead-letters")).json()["groups"]
        letter = (await http.get(f"/dead-letters/{group['example']}")).json()
        assert (letter["error_kind"], "628" in letter["body"]) == ("malformed", False)
        asked = await http.post("/replays", json={"filter": {"fingerprint": group["fingerprint"]}})
        assert (asked.status_code, asked.json()["state"], asked.json()["go"], asked.json()["planned"]) == (
            202,
            "asked",
            False,
            1,
        )
        await run_asked(pool, release="test", tombstones=NOBODY_ERASED, bounds=bounds)
        done = (await http.get(f"/replays/{asked.json()['id']}")).json()
        assert (done["state"], done["done"], done["failed"], done["asked_by"]) == ("done", 1, 1, "key:orchestrator")
        assert problem(await http.post(f"/replays/{done['id']}/cancel")) == (409, "Over already")
        again = (await http.post("/replays", json={"go": True})).json()
        assert (await http.post(f"/replays/{again['id']}/cancel")).json()["state"] == "cancelled"
        assert problem(await http.get("/replays/999999")) == (404, "Not found")
        assert (await http.get("/freshness")).json()["dead_letters"] == 1


async def test_a_key_may_do_what_its_scopes_say_and_nothing_once_revoked(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    async with program(pool, redis_url, database_url, "leads:read") as http:
        assert (await http.get("/leads")).status_code == 200
        for path in ("/dead-letters", "/freshness", "/messages/x"):
            assert problem(await http.get(path)) == (403, "Not allowed"), path
        assert problem(await http.post("/replays", json={})) == (403, "Not allowed")
        wrong = {"Authorization": http.headers["authorization"][:-1] + "x"}
        assert problem(await http.get("/leads", headers=wrong)) == (401, "Not authenticated")
        assert (await http.get("/openapi.json")).status_code == 200
        (key,) = await rows(pool, "api_keys")
        assert (key["last_used_at"] is not None, http.headers["authorization"][-20:] in json.dumps(key)) == (
            True,
            False,
        )
        assert await api_keys.revoke(pool, key["id"])
        assert problem(await http.get("/leads")) == (401, "Not authenticated")
    old = await api_keys.add(pool, "old", ["leads:read"], expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await api_keys.holder(pool, old) is None
    with pytest.raises(BadScope):
        await api_keys.add(pool, "x", ["everything"])


async def test_methods_that_are_not_there_say_which_are(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http:
        answer = await http.put(f"/leads/{uuid4()}")
        assert (problem(answer), answer.headers["allow"]) == ((405, "Method not allowed"), "DELETE, GET, PATCH")
        assert problem(await http.get("/leads/%0Ax")) == (404, "Not found")
        assert problem(await http.get("/nothing")) == (404, "Not found")


async def test_events_tell_programs_too(pool: Pool, redis_url: str, database_url: str) -> None:
    async with program(pool, redis_url, database_url) as http, http.stream("GET", "/events") as line:
        assert line.headers["content-type"].startswith("text/event-stream")
        parts = line.aiter_text()
        assert "event: changed" in await anext(parts)


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("fuzzing,stateful", 5), pytest.param("examples,coverage,fuzzing,stateful", 50, marks=pytest.mark.long)],
)
async def test_no_request_that_can_be_made_breaks_it(
    phases: str, examples: int, pool: Pool, redis_url: str, database_url: str
) -> None:
    """schemathesis makes them up from the document: right ones, wrong ones, and what follows from answers."""
    await chat(pool, "saya Rina, usaha laundry di Bandung")
    await settled(pool, [delivery(b"{broken", "whatsapp.message.received")])
    async with program(pool, redis_url, database_url) as http:
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{http.base_url}openapi.json",
            "--url", str(http.base_url).removesuffix("/api/v1/"), "-H", f"Authorization: {http.headers['authorization']}",
            "--exclude-path", "/api/v1/events", "--phases", phases, "--max-examples", str(examples), "--seed", "7", "--request-timeout", "10",
            "--no-color", "--output-truncate", "true", "--generation-database", "none", "--suppress-health-check", "all",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks", "PYTHONPATH": str(CONFIG.parents[1])},
        )  # fmt: skip
        said, _ = await asked.communicate()
    assert asked.returncode == 0, said.decode()[-6000:]


async def test_no_version_is_ever_zero(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        refused = await http.patch(f"/leads/{id}", json={"domisili": "Solo"}, headers={"If-Match": '"0"'})
        assert problem(refused) == (412, "Changed meanwhile")
        assert (
            await http.patch(f"/leads/{id}", json={"domisili": "Solo"}, headers={"If-Match": "*"})
        ).status_code == 200


async def test_an_etag_that_a_proxy_made_weak_names_the_same_version(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    async with program(pool, redis_url, database_url) as http:
        weak = f"W/{(await http.get(f'/leads/{id}')).headers['etag']}"
        saved = await http.patch(f"/leads/{id}", json={"domisili": "Solo"}, headers={"If-Match": weak})
        assert saved.status_code == 200, saved.text
        late = await http.patch(f"/leads/{id}", json={"domisili": "Medan"}, headers={"If-Match": weak})
        assert problem(late) == (412, "Changed meanwhile")


async def test_a_small_page_of_a_search_has_a_next_one(pool: Pool, redis_url: str, database_url: str) -> None:
    for n in range(4):
        await says(
            pool, "halo", number=f"628120000000{n}", name=f"Budi {n}", at=datetime.now(UTC) - timedelta(minutes=n)
        )
    async with program(pool, redis_url, database_url) as http:
        page = (await http.get("/leads", params={"q": "budi", "limit": 1})).json()
        assert ([one["name"] for one in page["leads"]], page["guessed"]) == (["Budi 0"], False)
        assert page["next"]
        alike = (await http.get("/leads", params={"q": "budj 3", "limit": 1})).json()
        assert ([one["name"] for one in alike["leads"]], alike["guessed"]) == (["Budi 3"], True)
