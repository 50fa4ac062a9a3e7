"""Real servers for every test: a database of its own, copied from a migrated template, and an emptied Redis."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog
import uvloop
from redis.asyncio import Redis

from console.main import main
from store import postgres
from store.postgres import Pool

TEMPLATE = "mirror_template"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="keep the pictures of pages in docs/screenshots")


def pytest_asyncio_loop_factories() -> dict[str, object]:
    return {"uvloop": uvloop.new_event_loop}


def given(name: str) -> str:
    """What dev.py passes on: servers that it started itself, and nothing else may be wiped here."""
    try:
        return os.environ[name]
    except KeyError:
        raise pytest.UsageError("Tests need throw-away servers: run them with `python3 dev.py test`.") from None


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Commands write their logs where they run; the next test is somewhere else."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def server_url() -> str:
    return given("MIRROR_TEST_DATABASE_URL")


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """Migrated once; every test copies it."""
    asyncio.run(execute(server_url, f"CREATE DATABASE {TEMPLATE}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", with_database(server_url, TEMPLATE))
        assert main(["migrate"]) == 0
    return TEMPLATE


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    # A mirror of its own begins now, not when the first test of all began.
    asyncio.run(execute(with_database(server_url, name), "UPDATE mirror SET began_at = now()"))
    yield with_database(server_url, name)
    asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def redis_url() -> str:
    return given("MIRROR_TEST_REDIS_URL")


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
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()
