"""Kapso's API and its budget, opened for one command."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from redis.asyncio import Redis

from cli.stores import run_reporting_store_errors
from config.environment import load
from config.settings import KapsoSettings
from kapso.client import Client, KapsoError, KapsoRefused
from store import postgres, redis
from store.ops.budget import Budget
from store.postgres import Pool


class Opened(NamedTuple):
    settings: KapsoSettings
    pool: Pool
    redis: Redis
    client: Client

    @property
    def secrets(self) -> list[str]:
        return [secret.get_secret_value() for secret in self.settings.kapso_webhook_secrets]


@asynccontextmanager
async def kapso() -> AsyncIterator[Opened]:
    """Exits with 2 where there is no key."""
    settings = load(KapsoSettings)
    if settings.kapso_api_key is None:
        print("KAPSO_API_KEY is not set. Make a project key in Kapso's settings.", file=sys.stderr)
        raise SystemExit(2)
    key = settings.kapso_api_key.get_secret_value()
    pool = await postgres.connect(settings.database_url.get_secret_value(), size=4, by_key=True)
    redis_client = redis.connect(settings.redis_url.get_secret_value())
    budget = Budget(redis_client, key, per_minute=settings.kapso_requests_per_minute)
    client = Client(url=settings.kapso_api_url, key=key, spend=budget.spend, punish=budget.punish)
    try:
        yield Opened(settings, pool, redis_client, client)
    finally:
        await client.close()
        await redis_client.aclose()
        await pool.close()


async def run_reporting_kapso_errors(command: Callable[[], Awaitable[int]]) -> int:
    """The command's exit code, or 1 and a sentence if Kapso or a store fails."""
    try:
        return await run_reporting_store_errors(command)
    except KapsoRefused as refused:
        print(f"Kapso {refused}. Check it in Kapso's settings, or make another.", file=sys.stderr)
    except KapsoError as error:
        print(
            f"Kapso can't be asked: {error}. What was done by then stands. Try again later, or correct KAPSO_API_URL.",
            file=sys.stderr,
        )
    return 1
