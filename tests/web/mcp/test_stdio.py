"""`mirror mcp`: the same tools for an agent on this machine, over standard input and output of a real process."""

import asyncio
import os
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from docs.examples.manager_bot import call
from store.access import api_keys
from store.postgres import Pool
from tests.chats import chat

COMMAND = ["-m", "cli", "mcp"]


async def test_an_agent_on_this_machine_has_the_tools_of_its_key(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "saya Rina, berapa harganya?")
    key = await api_keys.add(pool, "desk", ["leads:read"])
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MIRROR_API_KEY": key, "PATH": os.environ["PATH"]}
    async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=COMMAND, env=given))) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"search_leads", "list_recent_activity", "overview", "pipeline_summary"}
        (line,) = (await call(client, "search_leads"))["leads"]
        assert line["customer_wrote"] == "saya Rina, berapa harganya?"


async def test_a_key_that_is_none_is_told_and_ends_it(redis_url: str, database_url: str) -> None:
    given = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MIRROR_API_KEY": "mk_0123456789ab_no"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *COMMAND, env=given, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, told = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, said, b"mirror api-keys add" in told) == (2, b"", True)
