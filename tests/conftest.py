"""Real servers for every test: a database that is as new, and a Redis that the fixture `redis` empties."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
import uvloop
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from httpx._transports import default
from hypothesis import settings
from mcp.server.mcpserver.tools import Tool
from playwright.async_api import Browser
from redis.asyncio import Redis

from store import postgres
from store.access import passwords
from store.postgres import Pool
from tests.databases import Databases
from tests.desk import chromium
from tools.devstack.servers import free_port

HERE = Path(__file__).parent
# A deadline for one example measures what else the machine does: the time of a test is bounded by pytest.
settings.register_profile("mirror", deadline=None)
settings.load_profile("mirror")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="keep the pictures of pages in docs/screenshots")
    parser.addoption("--long", action="store_true", help="run what takes long, and nothing else")
    parser.addoption("--full", action="store_true", help="send as much as the figures in docs/ are measured with")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked as long waits for --long."""
    wanted = bool(config.getoption("--long"))
    chosen = [item for item in items if bool(item.get_closest_marker("long")) == wanted]
    config.hook.pytest_deselected(items=[item for item in items if bool(item.get_closest_marker("long")) != wanted])
    items[:] = sorted(chosen, key=_starts_late)


def _starts_late(item: pytest.Item) -> bool:
    """What waits for processes and browsers begins first, so that no single test is left at the end."""
    return not item.path.is_relative_to(HERE / "whole") and not item.get_closest_marker("browser")


def pytest_asyncio_loop_factories() -> dict[str, object]:
    return {"uvloop": uvloop.new_event_loop}


def given(name: str) -> str:
    """What dev.py passes on: servers that it started itself, and nothing else may be wiped here."""
    try:
        return os.environ[name]
    except KeyError:
        raise pytest.UsageError("Tests need throw-away servers: run them with `python3 dev.py test`.") from None


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Commands write their logs where they run; the next test is somewhere else. A line for each delivery costs time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def quick_secrets() -> Iterator[None]:
    """One TLS context for all clients, and the cheapest hash of passwords: each costs a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        name = "create_ssl_context"
        patch.setattr(default, name, cache(getattr(default, name)))
        patch.setattr(passwords, "HASHER", PasswordHasher.from_parameters(CHEAPEST))
        yield


@pytest.fixture(scope="session", autouse=True)
def tools_described_once() -> Iterator[None]:
    """Each receiver derives schemas from the same functions, for a quarter of a second: here only the first one does."""
    describe, known = Tool.from_function, {}

    def described(fn: Any, **how: Any) -> Tool:
        if fn.__func__ not in known:
            known[fn.__func__] = describe(fn, **how)
        return known[fn.__func__].model_copy(update={"fn": fn})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tool, "from_function", described)
        yield


def own_server(urls: str) -> str:
    """Of this process that runs tests: some empty the whole server, set it up otherwise, or look at all of it."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return given(urls).split(",")[number]


@pytest.fixture(scope="session")
def server_url() -> str:
    return own_server("MIRROR_TEST_DATABASE_URLS")


@pytest.fixture(scope="session")
def databases(server_url: str) -> Iterator[Databases]:
    one = Databases(server_url)
    yield one
    one.close()


@pytest.fixture
def database_url(databases: Databases) -> str:
    return databases.give()


@pytest.fixture
def redis_url() -> str:
    return own_server("MIRROR_TEST_REDIS_URLS")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for each process that runs tests: each test opens a profile of its own in it."""
    async with chromium() as one:
        yield one


@pytest.fixture
def unused_port() -> int:
    return free_port()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await postgres.connect(database_url, size=8, by_key=True)
    yield pool
    try:
        async with asyncio.timeout(10):
            await pool.close()
    except TimeoutError:  # a test that failed left something open
        pool.terminate()


@pytest.fixture
async def gate(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection, whose locks others wait for; closed however the test ends, or its loop never does."""
    connection = await asyncpg.connect(database_url)
    yield connection
    connection.terminate()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()
