"""The stores, opened for one command; and what to say when they are not there."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config.environment import load
from config.settings import DatabaseSettings, StoreSettings
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
    except asyncpg.UndefinedTableError:
        print("The database is not at the newest schema. Run: mirror migrate", file=sys.stderr)
    except asyncpg.DataError:
        print("An argument is outside of what Postgres can store: nothing was done.", file=sys.stderr)
        return 2
    except asyncpg.QueryCanceledError:
        print("Postgres ended a statement that took too long. `mirror status` says what it waits for; try again then.",
              file=sys.stderr)  # fmt: skip
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"Postgres refused a statement ({type(error).__name__}). Earlier changes are kept; Postgres' own log says"
              " why.", file=sys.stderr)  # fmt: skip
    except RedisError as error:
        print(f"Redis does not answer ({type(error).__name__}). Check REDIS_URL.", file=sys.stderr)
    except BrokenPipeError:
        # The program that reads our output has closed the pipe (`| head`). This is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except TimeoutError:
        print(
            "Postgres did not answer in time. `mirror status` says what it waits for; try again then.", file=sys.stderr
        )
    except OSError as error:
        if error.filename is not None:
            print(f"{error.filename}: {error.strerror}. Choose another file.", file=sys.stderr)
            return 1
        print(f"Postgres does not answer ({type(error).__name__}). Check DATABASE_URL.", file=sys.stderr)
    return 1
