"""The stores, opened for one command; and what to say when they are not there."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config.settings import DatabaseSettings, StoreSettings, load
from store import postgres, redis
from store.postgres import Pool


@asynccontextmanager
async def database(*, by_key: bool = False, timeout: float = 60) -> AsyncIterator[Pool]:
    """`by_key` for commands that write to the mirror; `timeout` bounds each statement, in seconds."""
    settings = load(DatabaseSettings)
    pool = await postgres.connect(settings.database_url.get_secret_value(), size=4, by_key=by_key, timeout=timeout)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def stores() -> AsyncIterator[tuple[Pool, Redis, int]]:
    """Both, and the number of the inbox's streams."""
    settings = load(StoreSettings)
    client = redis.connect(settings.redis_url.get_secret_value())
    try:
        async with database() as pool:
            yield pool, client, settings.inbox_shards
    finally:
        await client.aclose()


async def told(command: Callable[[], Awaitable[int]]) -> int:
    """The command's exit code, or 1 and a sentence when a store does not play its part."""
    try:
        return await command()
    except asyncpg.UndefinedTableError:
        print("The database is not at the newest schema. Run: mirror migrate", file=sys.stderr)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"Postgres refused: {type(error).__name__}. What was done by then stands.", file=sys.stderr)
    except RedisError as error:
        print(f"Redis does not answer ({type(error).__name__}). Check REDIS_URL.", file=sys.stderr)
    except OSError as error:
        print(f"Postgres does not answer ({type(error).__name__}). Check DATABASE_URL.", file=sys.stderr)
    return 1
