"""Alembic's entry: connect with the plain DATABASE_URL that everything else uses, one transaction a revision."""

import asyncio
import sys
from collections.abc import Collection, Mapping
from typing import Any

import asyncpg
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_fixed

from migrations import run_sql, schema

# Taken by whoever migrates, so that two releases at once wait for each other.
MIGRATION_LOCK = 7_209_317


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True, on_version_apply=complete)
    begin(connection)
    with context.begin_transaction():
        context.run_migrations()
    end(connection)


def begin(connection: Connection) -> None:
    """A release before revisions and schema were separated let its revisions create views: they give way now."""
    at = context.get_context().get_current_revision()
    if at is not None and at != context.script.get_current_head() and not connection.scalar(text(schema.APPLIED)):
        run_sql.execute(connection, schema.drop())
    connection.commit()


def complete(ctx: MigrationContext, step: MigrationInfo, heads: Collection[str], run_args: Mapping[str, Any]) -> None:
    """Called in the transaction of each revision, once it is done."""
    del step, run_args
    if ctx.connection is not None and set(heads) == {context.script.get_current_head()}:
        run_sql.create_schema(ctx.connection)


def end(connection: Connection) -> None:
    """A release may change a view, and no table."""
    if context.get_context().get_current_revision() != context.script.get_current_head():
        return
    known = connection.scalar(text(schema.FINGERPRINT)) if connection.scalar(text(schema.APPLIED)) else None
    if known != schema.fingerprint():
        run_sql.create_schema(connection)
    connection.commit()


async def turn(guard: asyncpg.Connection) -> None:
    """Until nobody else migrates. Asked again and again: a statement that waits inside Postgres holds a snapshot, and
    the index that the other one builds would wait for it."""
    if not await guard.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK):
        say("another migration is under way: waiting for it")
        while not await guard.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK):
            await asyncio.sleep(0.5)


def say_again(attempt: RetryCallState) -> None:
    say(f"a table is in use by a long transaction: trying again ({attempt.attempt_number} of {run_sql.ATTEMPTS})")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def run(database_url: str) -> None:
    async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
        return await asyncpg.connect(database_url)

    guard = await asyncpg.connect(database_url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        await turn(guard)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(asyncpg.LockNotAvailableError),
            stop=stop_after_attempt(run_sql.ATTEMPTS),
            wait=wait_fixed(run_sql.PAUSE_SECONDS),
            before_sleep=say_again,
            reraise=True,
        ):
            with attempt:
                async with engine.connect() as connection:
                    await connection.run_sync(migrate)
    finally:
        await engine.dispose()
        await guard.close()


asyncio.run(run(context.config.attributes["database_url"]))
