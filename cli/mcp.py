"""`mirror mcp`: the tools for agents over standard input and output, for an agent on this machine."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from cli.stores import run_reporting_store_errors
from config.environment import load
from config.stores import KnowledgeSettings
from store import postgres, redis
from store.access import api_keys
from store.access.access_log import AccessLog
from store.ops.status import MirrorStatus, status
from web.mcp.server import server
from web.mcp.tools import Tools

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
    return asyncio.run(run_reporting_store_errors(_run))


async def _run() -> int:
    settings = load(McpSettings)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=4, timeout=settings.search_timeout_seconds
    )
    client = redis.connect(settings.redis_url.get_secret_value())
    embedders, access_log = settings.embedders(), AccessLog(pool)
    try:
        key = await api_keys.holder(pool, settings.mirror_api_key.get_secret_value())
        if key is None:
            print("MIRROR_API_KEY is not a living key: mirror api-keys add NAME --scope leads:read", file=sys.stderr)
            return 2

        def who(_: Any) -> api_keys.Key:
            return key

        async def read_status() -> MirrorStatus:
            return await status(pool, client, settings.inbox_shards, datetime.now(UTC) - LOOK_BACK)

        tools = Tools(pool, embedders, settings.phones, read_status, who, access_log)
        async with asyncio.TaskGroup() as beside:
            noting = beside.create_task(access_log.run())
            await server(tools, who, release=settings.release).run_stdio_async()
            noting.cancel()
    finally:
        await access_log.close()
        await embedders.close()
        await client.aclose()
        await pool.close()
    return 0
