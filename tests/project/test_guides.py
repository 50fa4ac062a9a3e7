"""Run the examples of the guides unchanged: in a shell, with the real web process and the real commands."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from store.postgres import Pool
from tests.chats import chat, extracted
from tests.desk import web
from tests.helpers import SECRET
from tools.devstack.environment import ROOT

# Replaced by the environment of the test's own servers.
OF_THE_STACK = 'eval "$(python3 dev.py env)"'
NUMBERS = ("6281234567890", "6281234567891")


def blocks(file: str) -> list[str]:
    """Return the shell blocks of a guide."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(file: str) -> list[str]:
    """Return the commands of the table of a guide, in order."""
    text = (ROOT / file).read_text(encoding="utf-8")
    table = text.partition("| to … | run |")[2].partition("\n\n")[0]
    return [part.replace("\\|", "|") for line in table.splitlines()[2:] for part in re.findall(r"`([^`]+)`", line)]


async def typed(script: str, base: str, database_url: str, redis_url: str) -> str:
    """Run a script that stops at the first error, and return its output."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DATABASE_URL": database_url, "REDIS_URL": redis_url,
        "DASHBOARD_URL": f"{base}/", "KAPSO_WEBHOOK_SECRETS": SECRET, "DEFAULT_REGION": "ID", "HOME": os.environ["HOME"],
    }  # fmt: skip
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await shell.communicate()
    assert shell.returncode == 0, out.decode()[-3000:]
    return out.decode()


async def test_every_example_of_the_api_works(pool: Pool, database_url: str, redis_url: str) -> None:
    for number in NUMBERS:
        await chat(pool, "saya Rina dari Bandung, usaha laundry, tanya harga", number=number)
    await extracted(pool)
    setup = blocks("docs/api.md")[0]
    assert OF_THE_STACK in setup
    # An answer of 4xx or 5xx ends the shell.
    setup = setup.replace(OF_THE_STACK, "").replace("curl -s ", "curl -sS --fail-with-body ")
    there = rows("docs/api.md")
    assert len(there) > 18
    async with web(redis_url, database_url) as base:
        await typed(
            "\n".join([setup, *(f"echo; echo {n}; {row}" for n, row in enumerate(there))]),
            base,
            database_url,
            redis_url,
        )
    assert await pool.fetchval("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL") == 1


async def test_every_example_for_agents_works(pool: Pool, database_url: str, redis_url: str) -> None:
    before = set(ROOT.iterdir())
    async with web(redis_url, database_url) as base:
        said = await typed("\n".join(blocks("docs/agents.md")), base, database_url, redis_url)
    assert '"Authorization": "Bearer mk_' in said
    assert said.index("handbook/harga.md") < said.index("handbook/faq.csv")
    assert set(ROOT.iterdir()) == before
    assert await pool.fetchval("SELECT count(*) FROM articles") == 4
