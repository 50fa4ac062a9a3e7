"""`mirror mcp`: the tools for agents over standard input and output, for an agent on this machine."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from agents.server import server
from agents.tools import Tools
from config.settings import KnowledgeSettings, load
from console.stores import told
from store import api_keys, postgres, redis
from store.status import Status, status

LOOK_BACK = timedelta(minutes=1)
EPILOG = """The key says who the agent is and what it may do. An agent's settings, for example:
  {"command": "mirror", "args": ["mcp"], "env": {"MIRROR_API_KEY": "mk_…", "DATABASE_URL": "…", "REDIS_URL": "…"}}
"""


class McpSettings(KnowledgeSettings):
    mirror_api_key: SecretStr = Field(description="A key of `mirror api-keys add`: who the agent is, what it may do.")


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter


def run(arguments: argparse.Namespace) -> int:
    del arguments
    return asyncio.run(told(_run))


async def _run() -> int:
    settings = load(McpSettings)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=4, timeout=settings.search_timeout_seconds
    )
    client = redis.connect(settings.redis_url.get_secret_value())
    embedders = settings.embedders()
    try:
        key = await api_keys.holder(pool, settings.mirror_api_key.get_secret_value())
        if key is None:
            print("MIRROR_API_KEY is not a living key: mirror api-keys add NAME --scope leads:read", file=sys.stderr)
            return 2

        def who(_: Any) -> api_keys.Key:
            return key

        async def look() -> Status:
            return await status(pool, client, settings.inbox_shards, datetime.now(UTC) - LOOK_BACK)

        await server(Tools(pool, embedders, look, who), who).run_stdio_async()
    finally:
        await embedders.close()
        await client.aclose()
        await pool.close()
    return 0
