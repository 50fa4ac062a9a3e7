"""The Postgres pool, and statements by name: they stand in an .sql file beside the module that runs them."""

import re
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# What comes of a statement, or of asking for a connection, when Postgres is not as it should be.
STORE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
# Those of them that asking again does not mend: a value that can't be kept, a statement that this database can't run.
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
FAULTS_OF_OURS = (*REFUSED, asyncpg.SyntaxOrAccessError)

# The moment that sorts before all others: what `-infinity` is in Python, in both directions.
NEVER = datetime.min.replace(tzinfo=UTC)

HERE = Path(__file__).parent


# Statements of a batch look rows up by key. These settings force index plans, made once for each statement, so that
# plans do not depend on statistics: a growing table does not have them yet.
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

# For other pools, Postgres plans each call anew: the fastest plan depends on which filters are set.
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
        init=_numbers,
        server_settings={"application_name": "kapso-mirror"} | (BY_KEY if by_key else BY_QUESTION),
    )
    return pool


async def warm(pool: Pool, count: int) -> None:
    """Opens so many connections now, as far as Postgres lets us: nobody waits for them later."""
    async with AsyncExitStack() as held:
        with suppress(*STORE_ERRORS):
            for _ in range(count):
                await held.enter_async_context(pool.acquire())


async def _numbers(connection: asyncpg.Connection) -> None:
    """Scores and money are numbers here like any other; their two places are exact in both."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=float, format="text")


async def _keep(_: Connection) -> None:
    """Nothing that we run changes a connection's state, so nothing has to be reset when it goes back to the pool."""


async def note(pool: Pool, name: str, *arguments: object) -> None:
    """Run a statement that may be skipped: if Postgres is read-only, it has no effect and raises nothing."""
    with suppress(asyncpg.ReadOnlySQLTransactionError):
        await pool.execute(statement(name), *arguments)


def statement(name: str) -> str:
    """Its parameters are given in the order of its first line. Raises KeyError for a name that no file has."""
    return _statements()[name]


def plain_pattern(part: str) -> str:
    """LIKE's own signs stand for themselves."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@cache
def _statements() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(HERE.rglob("*.sql")):
        _, *parts = f"\n{path.read_text(encoding='utf-8')}".split("\n-- name: ")
        for part in parts:
            name, text = numbered(part)
            if name in found:
                raise ValueError(f"two statements are named {name}")
            found[name] = text
    return found


# `name(first, second)`, over as many lines as it takes; then comments; then the statement.
NAMED = re.compile(r"(\w+)(?:\(([\w,\s-]*)\))?\n((?:--[^\n]*\n)*)(.*)", re.DOTALL)
PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")


def numbered(part: str) -> tuple[str, str]:
    """A statement's name, and its text with $1, $2 … in place of :first, :second …

    Raises ValueError where it uses a parameter that its first line does not name, or does not use one that it names.
    """
    name, given, about, text = NAMED.fullmatch(part.strip() + "\n").groups()  # type: ignore[union-attr]
    parameters = re.findall(r"\w+", given or "")
    if differing := set(parameters) ^ set(PARAMETER.findall(re.sub(r"--.*|'[^']*'", "", text))):
        raise ValueError(f"{name}: named and used parameters differ: {', '.join(sorted(differing))}")
    place = {parameter: f"${number}" for number, parameter in enumerate(parameters, 1)}
    text = PARAMETER.sub(lambda found: place.get(found[1], found[0]), text)
    return name, (about + text).strip()


def columns(given: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned on their side: one list a column, as `unnest` takes them.

    A column of nothing but None is an empty list: `unnest` fills up with nulls what is shorter, and each value that is
    sent costs half a microsecond here. The first column says how many rows there are.
    """
    rows = list(given)
    first, *others = zip(*rows, strict=True) if rows else [()] * width
    return [list(first), *([] if all(value is None for value in column) else list(column) for column in others)]
