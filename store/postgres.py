"""The Postgres pool, and statements by name: one readable file each in sql/."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# What comes of a statement, or of asking for a connection, when Postgres is not as it should be.
STORE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
# Those of them that asking again does not mend: a value that can't be kept, a statement that this database can't run.
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
FAULTS_OF_OURS = (*REFUSED, asyncpg.SyntaxOrAccessError)

STATEMENTS = Path(__file__).parent / "sql"


# Every statement of a batch goes by keys. Said outright, its plan never depends on statistics, which a growing table
# does not have yet, and is made once.
BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # A worker that hangs in mid-batch must not keep its locks from the one that takes its work up.
    "idle_in_transaction_session_timeout": "10s",
}

# Who answers questions plans each anew: which of its filters are given decides what is fastest.
BY_QUESTION = {"plan_cache_mode": "force_custom_plan"}


async def connect(
    database_url: str,
    *,
    size: int = 5,
    timeout: float = 60,
    connect_timeout: float = 10,
    by_key: bool = False,
    keep: bool = False,
) -> Pool:
    """A pool that opens connections as they are needed, and closes them after five minutes without use unless it is to
    `keep` them. `timeout` bounds each statement, in seconds."""
    pool: Pool = await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=size,
        command_timeout=timeout,
        timeout=connect_timeout,
        max_inactive_connection_lifetime=0 if keep else 300,
        reset=_keep,
        server_settings={"application_name": "kapso-mirror"} | (BY_KEY if by_key else BY_QUESTION),
    )
    return pool


async def warm(pool: Pool, count: int) -> None:
    """Opens so many connections now, as far as Postgres lets us: nobody waits for them later."""
    async with AsyncExitStack() as held:
        with suppress(*STORE_ERRORS):
            for _ in range(count):
                await held.enter_async_context(pool.acquire())


async def _keep(_: Connection) -> None:
    """Nothing that we run changes a connection's state, so nothing has to be reset when it goes back to the pool."""


@lru_cache
def statement(name: str) -> str:
    return (STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned on their side: one list a column, as `unnest` takes them."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]
