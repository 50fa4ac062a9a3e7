"""What a language model answered that was asked for half of the reported chats, replayed over HTTP.

It had seen neither the guideline nor a label; it was given the product's own requests (tools/evaluation/GUIDELINE.md).
A weak model is made of it: nonsense, invented words, messages that are not there. What is believed must stay true.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store.postgres import Pool
from tests.helpers import served
from tests.workers.extraction.test_model import answer
from tools.evaluation.gold import HERE, chats, found_values
from tools.evaluation.score import ScoreReport, report
from workers.extraction.endpoint import ModelEndpoint
from workers.extraction.model import ChatModel

Answer = Mapping[str, Any]
Weaken = Callable[[int, Answer], str]
ANSWERS: dict[str, Answer] = {
    kept["id"]: kept["answer"] for kept in map(orjson.loads, (HERE / "answers.jsonl").read_bytes().splitlines())
}


@asynccontextmanager
async def endpoint(weaken: Weaken) -> AsyncIterator[str]:
    """Answers for the chat that it is asked for, as `weaken` makes the answer."""

    async def complete(request: Request) -> Response:
        asked = json.loads((await request.json())["messages"][1]["content"])
        id = asked["chat"][0]["id"].rpartition("-")[0]
        return answer(text=weaken(list(ANSWERS).index(id), ANSWERS[id]))

    async with served(Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])) as url:
        yield f"{url}/v1"


async def read_by(pool: Pool, weaken: Weaken) -> ScoreReport:
    gold = [chat for chat in chats("report") if chat.id in ANSWERS]
    async with endpoint(weaken) as url:
        model = ChatModel(ModelEndpoint(pool, url=url, name="kept", key=None, tokens_per_day=10**9))
        readings = await model.read([chat.window for chat in gold])
        await model.close()
    return report((chat.expected, found_values(reading)) for chat, reading in zip(gold, readings, strict=True))


def as_it_was(_: int, said: Answer) -> str:
    return json.dumps(said)


def weak(number: int, said: Answer) -> str:
    """By turns: no JSON, words that nobody said, messages of others, half an answer."""
    fields = [dict(one) for one in said["fields"]]
    kind = number % 4
    if kind == 0:
        return "Sure! Here is what I found: {"
    for place, one in enumerate(fields):
        if kind == 1:
            one |= {"value": f"{one['value']} x", "quote": f"{one['quote']} and much more"}
        if kind == 2 and place % 2:
            one["message_id"] = "m99"
    return json.dumps({"fields": fields[::2] if kind == 3 else fields, "signals": []})


async def test_a_model_that_was_asked_blind_reads_like_a_careful_person(pool: Pool) -> None:
    assert len(ANSWERS) >= 100
    now = await read_by(pool, as_it_was)
    assert now.chats == len(ANSWERS)
    assert now.macro_f1 >= 0.97
    assert now.false_per_hundred <= 12


async def test_of_a_weak_model_only_what_stands_in_the_chat_is_believed(pool: Pool) -> None:
    now = await read_by(pool, weak)
    right, wrong = (sum(getattr(one, what) for one in now.fields.values()) for what in ("right", "wrong"))
    assert right > 140
    assert wrong / (right + wrong) < 0.03
