"""Servers of our own that stand in for Kapso: answers by script, or the simulated API with a world to tell of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kapso.client import Client, Priority
from tests.helpers import served
from tools.simulator.api import Api
from tools.simulator.kapso import Webhooks
from tools.simulator.world import World

KEY = "the-api-key"
NUMBER = "106540352242922"


@asynccontextmanager
async def scripted(answers: Sequence[Response | None]) -> AsyncIterator[tuple[str, list[str]]]:
    """Answers one after the other, the last for ever; None hangs up. Yields the URL and what was asked for."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(f"{request.method} {request.url.path}?{request.url.query}")
        chosen = answers[min(len(asked), len(answers)) - 1]
        if chosen is None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return JSONResponse({}, 504)
        return chosen

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PATCH"])])
    async with served(app) as url:
        yield url, asked


@asynccontextmanager
async def kapso_api(
    *, faults: float = 0.0, per_minute: int = 10_000, url: str = "https://mirror.invalid/webhooks/kapso"
) -> AsyncIterator[tuple[str, World, Webhooks]]:
    world = World(NUMBER)
    webhooks = Webhooks(url, "secret", NUMBER, pauses=True)
    api = Api(world, webhooks, key=KEY, per_minute=per_minute, faults=faults, seed=7)
    async with served(api.app()) as address:
        yield address, world, webhooks


async def _free(_: Priority) -> None:
    pass


async def _nothing(_: float) -> None:
    pass


@asynccontextmanager
async def client(url: str, *, key: str = KEY) -> AsyncIterator[Client]:
    """Impatient, and without a budget."""
    one = Client(url=url, key=key, spend=_free, punish=_nothing, timeout=0.5, first_pause=0.01)
    try:
        yield one
    finally:
        await one.close()
