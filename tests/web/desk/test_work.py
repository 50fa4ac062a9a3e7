"""Snoozing a lead and acting on many of them, over HTTP: what is said, and what an undo takes back."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.lead import Source
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import lead
from tests.desk import NUMBER, says, signed_in, user

OTHER = "6281200000001"
SITI = Actor(Source.HUMAN, "user:siti")


async def snooze(http: httpx.AsyncClient, id: object, **given: object) -> dict[str, Any]:
    """What the toast says."""
    answer = await http.post(f"/leads/{id}/snooze", data={name: str(value) for name, value in given.items()})
    toast: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])["toast"]
    return toast


async def many(http: httpx.AsyncClient, **given: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.post("/leads/many", data=given)).json()
    return answer


async def test_handled_twice_in_a_row_is_handled_until_they_write(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with signed_in(pool, redis_url, database_url) as http:
        row = await lead(pool, number=NUMBER)
        for _ in range(2):
            await snooze(http, row["id"], **{"for": "handled", "questions": row["questions"]})
            assert (await lead(pool, number=NUMBER))["snoozed"]
        await says(pool, "satu lagi", name="Rina")
        assert not (await lead(pool, number=NUMBER))["snoozed"]
        # A page that was loaded before that message reports it, and the lead stays in the inbox.
        told = await snooze(http, row["id"], **{"for": "handled", "questions": row["questions"]})
        assert told == {"text": "They wrote meanwhile. Read it first."}
        assert not (await lead(pool, number=NUMBER))["snoozed"]


async def test_an_undo_of_a_snooze_leaves_who_wrote_awake_and_a_colleague_in_the_right(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await says(pool, "halo", name="Rina")
    async with signed_in(pool, redis_url, database_url) as http:
        id = (await lead(pool, number=NUMBER))["id"]
        await snooze(http, id, **{"for": "tomorrow"})
        await says(pool, "satu lagi", name="Rina")
        undo = (await snooze(http, id, **{"for": "handled"}))["undo"]
        await snooze(http, id, **undo)  # it was awake before, though tomorrow stands in its history
        assert (await lead(pool, number=NUMBER))["snoozed_until"] is None
        undo = (await snooze(http, id, **{"for": "handled"}))["undo"]
        await user(pool, "siti")
        week = datetime.now(UTC) + timedelta(days=7)
        await leads.snooze(pool, id, week, by=SITI, questions=None)
        assert (await snooze(http, id, **undo))["text"] == "siti changed this meanwhile. That change stays."
        assert (await lead(pool, number=NUMBER))["snoozed_until"] == week


@pytest.mark.parametrize(("act", "value"), [("status", "archived"), ("owner", "siti"), ("snooze", "handled")])
async def test_an_undo_of_many_takes_back_what_still_stands(
    pool: Pool, redis_url: str, database_url: str, act: str, value: str
) -> None:
    await says(pool, "halo", name="Rina")
    await says(pool, "pagi", name="Joko", number=OTHER)
    async with signed_in(pool, redis_url, database_url) as http:
        await user(pool, "siti")
        before = {number: await lead(pool, number=number) for number in (NUMBER, OTHER)}
        ids = ",".join(str(row["id"]) for row in before.values())
        done = await many(http, ids=f"{ids},{ids}", act=act, value=value)
        assert done["text"] == "2 leads changed."
        if act == "status":
            await leads.set_status(pool, before[OTHER]["id"], "qualified", by=SITI)
        else:
            other: dict[str, object] = {"owner": None} if act == "owner" else {"snoozed_until": None}
            await leads.patch(pool, before[OTHER]["id"], other, version=None, by=SITI)
        colleague = await lead(pool, number=OTHER)
        told = [await many(http, **part) for part in done["undo"]]
        assert (
            told[0]["text"] == "1 leads changed. 1 stayed as they were. siti changed this meanwhile. That change stays."
        )
        for name in ("status", "owner", "snoozed_until"):
            assert (await lead(pool, number=NUMBER))[name] == before[NUMBER][name]
            assert (await lead(pool, number=OTHER))[name] == colleague[name]


async def test_many_of_which_none_can_change_say_why(pool: Pool, redis_url: str, database_url: str) -> None:
    await says(pool, "halo", name="Rina")
    async with signed_in(pool, redis_url, database_url) as http:
        ids = str((await lead(pool, number=NUMBER))["id"])
        for act, value, why in (
            ("owner", "nobody at all", "name of a user"), ("status", "moon", "must be one of"),
            ("snooze", "someday", "until when"), ("dance", "", "must be one of"),
        ):  # fmt: skip
            answer = await http.post("/leads/many", data={"ids": ids, "act": act, "value": value})
            assert answer.status_code == 422
            assert why in answer.json()["text"]
