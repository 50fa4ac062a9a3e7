"""The stores, opened for one command; and what to say when they are not there."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config.environment import load
from config.stores import DatabaseSettings, StoreSettings
from store import postgres, redis
from store.faults import postgres_fault, redis_fault
from store.postgres import Pool

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def database(*, by_key: bool = False, timeout: float = 60) -> AsyncIterator[Pool]:
    """`by_key` for commands that write to the mirror; `timeout` bounds each statement, in seconds."""
    settings = load(DatabaseSettings)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(),
        size=4,
        by_key=by_key,
        timeout=timeout,
        connect_timeout=CONNECT_SECONDS,
    )
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def stores(*, timeout: float = 60) -> AsyncIterator[tuple[Pool, Redis, int]]:
    """Both, and the number of the inbox's streams. `timeout` bounds each statement, in seconds."""
    settings = load(StoreSettings)
    client = redis.connect(settings.redis_url.get_secret_value())
    try:
        async with database(timeout=timeout) as pool:
            yield pool, client, settings.inbox_shards
    finally:
        await client.aclose()


async def run_reporting_store_errors(command: Callable[[], Awaitable[int]]) -> int:
    """Run the command and return its exit code. If a store fails, print why and return 1 (2 if it refuses a value)."""
    try:
        return await command()
    except BrokenPipeError:
        # The program that reads our output has closed the pipe (`| head`). This is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (asyncpg.UntranslatableCharacterError, asyncpg.CharacterNotInRepertoireError) as error:
        print(said_by_postgres(error), file=sys.stderr)
    except asyncpg.DataError:
        print("An argument is outside of what Postgres can store: nothing was done.", file=sys.stderr)
        return 2
    except RedisError as error:
        print(redis_fault(error, load(StoreSettings).redis_url.get_secret_value()), file=sys.stderr)
    except OSError as error:
        if error.filename is not None and not error.filename.startswith("/var/run/"):
            print(f"{error.filename}: {error.strerror}. Choose another file.", file=sys.stderr)
            return 1
        print(said_by_postgres(error), file=sys.stderr)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(said_by_postgres(error), file=sys.stderr)
    return 1


def said_by_postgres(error: Exception) -> str:
    """One sentence: where it was asked, what it said, what to do."""
    return postgres_fault(error, load(DatabaseSettings).database_url.get_secret_value())
