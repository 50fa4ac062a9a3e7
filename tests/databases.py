"""A migrated database for every test. It is used again: what a test wrote is deleted, what it built costs a new one."""

import asyncio
import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from store.postgres import Pool

TEMPLATE = "mirror_template"
RESTORE = Path(__file__).with_name("restore.sql")
MOST_DELETED = 2000
"""Rows: where more were deleted, what is left of them would slow down the next test."""
MOST_TESTS = 100
"""Of one database: nothing is vacuumed here, and what was deleted is in the way of indexes."""
END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def emptied(pool: Pool) -> None:
    """As new, in the midst of a test: TRUNCATE takes a hundred times as long, and costs the next test a new database."""
    await pool.execute("SELECT restored.restore()")


class Databases:
    """Of one process that runs tests, on a server of its own.

    It stays connected between tests, on an event loop of its own: what a server prepares for a connection that is
    new costs five times as much as all that is asked here. Tests may end that connection.
    """

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # leaves the loop of the tests in its place
        self._url: str | None = None
        self._connection: asyncpg.Connection | None = None
        self._shape = ""
        self._tests = 0

    def give(self) -> str:
        """The URL of one that holds what the migrations put there, and whose mirror begins now."""
        return self._runner.run(self._give())

    def close(self) -> None:
        """Close the connection. The database stays: it goes with its server."""
        if self._connection:
            self._connection.terminate()
        self._runner.close()

    async def _give(self) -> str:
        if self._url is None or not await self._restored():
            self._url, self._tests = await self._made(), 0
        self._tests += 1
        return self._url

    async def _restored(self) -> bool:
        """Whether it is as new; if not, it is gone."""
        try:
            connection = await self._connected()
            await connection.execute(END_OTHERS)
            same = await connection.fetchval("SELECT restored.shape()") == self._shape
            if (
                same
                and self._tests < MOST_TESTS
                and await connection.fetchval("SELECT restored.restore()") <= MOST_DELETED
            ):
                await _begin(connection)
                return True
        except asyncpg.PostgresError:  # the test let nobody in
            pass
        await self._drop()
        return False

    async def _connected(self) -> asyncpg.Connection:
        """As before, if the test before left it alone."""
        try:
            if self._connection:
                await self._connection.execute("SELECT")
                return self._connection
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self._connection = None
        self._connection = await asyncpg.connect(self._url)
        return self._connection

    async def _made(self) -> str:
        name = f"test_{secrets.token_hex(6)}"
        await execute(self._server_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        url = with_database(self._server_url, name)
        self._connection = await asyncpg.connect(url)
        self._shape = await self._connection.fetchval("SELECT restored.shape()")
        await _begin(self._connection)
        return url

    async def _drop(self) -> None:
        if self._connection:
            self._connection.terminate()
            self._connection = None
        await execute(self._server_url, f"DROP DATABASE {name_of(self._url or '')} WITH (FORCE)")


async def make_template(server_url: str) -> None:
    """The database that all others are copies of. dev.py makes it once, and each test server is a copy of that one."""
    await execute(server_url, f"CREATE DATABASE {TEMPLATE}")
    url = with_database(server_url, TEMPLATE)
    given = os.environ | {"DATABASE_URL": url}
    await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "cli", "migrate"], env=given, check=True)
    await execute(url, RESTORE.read_text(encoding="utf-8"), "SELECT restored.keep()")


async def _begin(connection: asyncpg.Connection) -> None:
    """A mirror of its own begins now, not when the first test of all began."""
    await connection.execute("UPDATE mirror SET began_at = now()")


if __name__ == "__main__":
    asyncio.run(make_template(os.environ["DATABASE_URL"]))
