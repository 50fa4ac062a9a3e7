"""A language model behind a scripted endpoint: what is believed, what is asked again, and when rules take over."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from config.settings import WorkerSettings
from store.ops import alarms
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.helpers import rows
from tests.servers import scripted
from tests.workers.extraction.windows import window
from workers.extraction.__main__ import readers_of
from workers.extraction.endpoint import ModelEndpoint
from workers.extraction.model import ChatModel, task
from workers.extraction.rules.reader import Rules


def answer(
    fields: Sequence[dict[str, Any]] = (), signals: Sequence[dict[str, Any]] = (), *, text: str | None = None
) -> Response:
    content = json.dumps({"fields": list(fields), "signals": list(signals)}) if text is None else text
    return JSONResponse(
        {
            "id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
            "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
        }
    )  # fmt: skip


def said(field: str, value: str, quote: str, *, message: str = "m0", confidence: float = 0.9) -> dict[str, Any]:
    return {"field": field, "value": value, "quote": quote, "message_id": message, "confidence": confidence}


@asynccontextmanager
async def model(
    pool: Pool, *answers: Response, tokens_per_day: int = 10_000
) -> AsyncIterator[tuple[ChatModel, list[str]]]:
    """The model, and what it is asked for."""
    async with scripted(answers) as (url, asked):
        one = ChatModel(ModelEndpoint(pool, url=f"{url}/v1", name="tiny", key=None, tokens_per_day=tokens_per_day))
        try:
            yield one, asked
        finally:
            await one.close()


async def test_what_stands_in_the_message_is_believed(pool: Pool) -> None:
    fields = [
        said("name", "Rina", "Rina"),
        said("domisili", "Bandung", "di   BDG"),
        said("pain_points", "slow replies", "telat"),
    ]
    shown = [{"signal": "asked price", "quote": "berapa", "message_id": "m0"}]
    async with model(pool, answer(fields, shown)) as (one, asked):
        (reading,) = await one.read([window("saya Rina di BDG, telat bales, berapa?")])
    assert reading is not None
    assert {claim.field: claim.value for claim in reading.claims} == {
        "name": "Rina", "domisili": "Bandung", "pain_points": ["slow replies"],
    }  # fmt: skip
    assert [signal.name for signal in reading.signals] == ["asked price"]
    assert reading.claims[0].actor == "model@2 tiny"
    assert asked == ["POST /v1/chat/completions?"]


async def test_what_does_not_stand_there_is_not_believed(pool: Pool) -> None:
    fields = [
        said("name", "Admin", "Admin"),  # nowhere
        said("domisili", "Solo", "Solo", message="m1"),  # our own words
        said("business_type", "laundry", "laundry", message="m9"),  # no such message
        said("urgency_level", "boiling", "cepat"),  # no such value
        said("priority", "price", "cepat", confidence=0.2),  # not sure
        said("story", "x", ""),  # no quote
    ]
    async with model(pool, answer(fields)) as (one, _):
        (reading,) = await one.read([window("butuh cepat", "< di Solo ya?")])
    assert reading is not None
    assert reading.claims == []


async def test_nonsense_is_asked_again_once(pool: Pool) -> None:
    good = answer([said("name", "Rina", "Rina")])
    async with model(pool, answer(text="Sure! Here it is."), good) as (one, asked):
        (reading,) = await one.read([window("saya Rina")])
    assert reading is not None
    assert (len(reading.claims), len(asked)) == (1, 2)
    async with model(pool, answer(text='{"fields": [{"field": "status"}]}')) as (one, asked):
        assert await one.read([window("saya Rina")]) == [None]
        assert len(asked) == 2


async def test_a_model_that_refuses_chats_is_there_for_others(pool: Pool) -> None:
    refusal = JSONResponse({"error": {"message": "too long"}}, 400)
    async with model(pool, refusal, refusal, refusal, answer([said("name", "Rina", "Rina")])) as (one, _):
        for _ in range(3):
            assert await one.read([window("saya Rina")]) == [None]
        assert await one.can_be_asked()
        assert (await one.read([window("saya Rina")]))[0] is not None


async def test_a_model_that_fails_three_times_is_left_alone(pool: Pool) -> None:
    down = JSONResponse({"error": {"message": "overloaded"}}, 503)
    async with model(pool, down, down, down) as (one, asked):
        for _ in range(5):
            assert await one.read([window("saya Rina")]) == [None]
        assert (await one.can_be_asked(), len(asked)) == (False, 3)


async def test_where_the_model_fails_rules_read(pool: Pool) -> None:
    await chat(pool, "saya Rina dari Bandung")
    async with model(pool, JSONResponse({"error": {"message": "overloaded"}}, 400)) as (one, _):
        await extracted(pool, one, Rules("ID"))
    row = await lead(pool)
    assert (row["name"], row["domisili"]) == ("Rina", "Bandung")


async def test_a_day_costs_what_the_setting_says_and_no_more(pool: Pool) -> None:
    windows = [window(f"saya Rina {n}") for n in range(5)]
    async with model(pool, answer(), tokens_per_day=200) as (one, asked):
        for chosen in windows:
            await one.read([chosen])
        assert len(asked) == 2
    (day,) = await rows(pool, "model_days")
    assert (day["requests"], day["tokens"]) == (2, 200)
    assert [alarm.name for alarm in await alarms.standing(pool)] == ["model budget"]
    await pool.execute("UPDATE model_days SET day = day - 1")
    async with model(pool, answer(), tokens_per_day=200) as (one, _):
        assert await one.read([windows[0]]) != [None]
    assert await alarms.standing(pool) == []


async def test_the_chat_is_data_and_comes_alone(pool: Pool) -> None:
    bodies: list[Any] = []

    async with model(pool, answer()) as (one, _):
        create = one._endpoint._client.chat.completions.create

        async def heard(**asked: Any) -> Any:
            bodies.append(asked)
            return await create(**asked)

        one._endpoint._client.chat.completions.create = heard  # type: ignore[method-assign]
        await one.read([window("saya Rina"), window("saya Budi")])
    users = [json.loads(body["messages"][1]["content"]) for body in bodies]
    assert [len(user["chat"]) for user in users] == [1, 1]
    assert all(body["messages"][0]["role"] == "system" and "tools" not in body for body in bodies)
    assert all("Rina" not in body["messages"][0]["content"] for body in bodies)
    assert bodies[0]["response_format"]["json_schema"]["strict"] is True


async def test_a_worker_with_a_model_reads_by_rules_first(pool: Pool, database_url: str, redis_url: str) -> None:
    settings = WorkerSettings(
        database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), default_region="ID",
        model_url="http://127.0.0.1:1/v1", model_name="small",
    )  # fmt: skip
    readers = readers_of(settings, pool)
    assert readers.model is not None
    assert (readers.model.name.split()[0], type(readers.rules)) == ("model@2", Rules)
    assert readers.drafter is not None
    await readers.model.close()


def test_the_model_is_told_what_the_business_sells_if_that_is_known() -> None:
    assert "The seller sells solar panels. The chat is JSON" in task("solar panels.")
    assert "themself.\nThe chat is JSON" in task("")


async def test_a_pain_that_the_field_refuses_takes_no_other_with_it(pool: Pool) -> None:
    fields = [said("pain_points", "x" * 201, "telat"), said("pain_points", "late couriers", "kurir telat")]
    async with model(pool, answer(fields)) as (one, _):
        (reading,) = await one.read([window("kurir telat terus")])
    assert reading is not None
    assert [claim.value for claim in reading.claims] == [["late couriers"]]
