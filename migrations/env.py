"""Alembic's entry: connect with the plain DATABASE_URL that everything else uses, one transaction a revision."""

import asyncio
from typing import Any

import asyncpg
from alembic import context
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# Taken by whoever migrates, so that two releases at once wait for each other.
MIGRATION_LOCK = 7_209_317


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def run(database_url: str) -> None:
    async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
        return await asyncpg.connect(database_url)

    guard = await asyncpg.connect(database_url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()
        await guard.close()


asyncio.run(run(context.config.attributes["database_url"]))
