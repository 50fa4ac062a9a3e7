"""Production as README sets it up: the folder without tests and tools, the packages of requirements.lock alone."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.parser import COMMANDS
from store.postgres import Pool
from tests.chats import NUMBER, chat, lead
from tests.helpers import SECRET, payload, post, until
from tests.webhooks.test_receive import signed
from tools.devstack.environment import ROOT, install
from tools.devstack.servers import free_port

# One process makes the installation, and runs all tests of it.
pytestmark = pytest.mark.xdist_group("installation")
STAYS_BEHIND = {"tests", "tools", "docs", "clients", "deploy"}
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache")


def deployed() -> list[Path]:
    """What README says must be deployed."""
    there = (one for one in ROOT.iterdir() if not one.name.startswith(".") and one.name not in STAYS_BEHIND)
    return [one for one in there if one.name != "__pycache__"]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its folder; the Python that it runs with is in .venv."""
    folder = tmp_path_factory.mktemp("application")
    for one in deployed():
        if one.is_dir():
            shutil.copytree(one, folder / one.name, ignore=LEFT_OUT)
        else:
            shutil.copy(one, folder)
    install(folder / "requirements.lock", folder / ".venv")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def surroundings(database_url: str, redis_url: str) -> dict[str, str]:
    """Nothing of ours: no PYTHONPATH, and not the environment of the tests."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "KAPSO_WEBHOOK_SECRETS": SECRET,
        "DEFAULT_REGION": "ID",
    }


async def python(
    application: Path, cwd: Path, surroundings: dict[str, str], *arguments: str | Path
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        application / ".venv" / "bin" / "python", *arguments, cwd=cwd, env=surroundings,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def mirror(application: Path, cwd: Path, surroundings: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    return await python(application, cwd, surroundings, application / "mirror", *arguments)


# Every command in one process: most of the time goes into starting one.
ALL_OF_THEM = """
import runpy, sys
for name in sys.argv[2:]:
    sys.argv[1:] = [name, "--help"]
    try:
        runpy.run_path(MIRROR, run_name="__main__")
    except SystemExit as end:
        assert not end.code, (name, end.code)
"""


async def test_every_command_says_how_it_is_used(
    application: Path, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    code, out, err = await mirror(application, tmp_path, surroundings, "--help")
    assert (code, err) == (0, "")
    script = ALL_OF_THEM.replace("MIRROR", repr(str(application / "mirror")))
    code, out, err = await python(application, tmp_path, surroundings, "-c", script, "", *COMMANDS)
    assert (code, err) == (0, "")
    assert re.findall(r"^usage: mirror (\S+)", out, re.MULTILINE) == list(COMMANDS)


async def test_commands_read_chats_and_knowledge_from_another_folder(
    application: Path, tmp_path: Path, pool: Pool, surroundings: dict[str, str]
) -> None:
    await chat(pool, "saya Rina dari Bandung, usaha laundry, berapa harganya?")
    code, out, err = await mirror(application, tmp_path, surroundings, "read-chats", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["changed"] == 1
    assert (await lead(pool))["domisili"] == "Bandung"

    (tmp_path / "prices.md").write_text("# Prices\n\nTwo shops pay half for the second one.\n")
    code, out, err = await mirror(application, tmp_path, surroundings, "knowledge", "import", "prices.md", "--json")
    assert (code, err) == (0, "")
    assert NUMBER not in out


async def test_the_processes_of_the_procfile_mirror_a_message(
    application: Path, pool: Pool, surroundings: dict[str, str]
) -> None:
    lines = dict(line.split(": ", 1) for line in (application / "Procfile").read_text().splitlines())
    port = free_port()
    given = surroundings | {"PORT": str(port), "HOST": "127.0.0.1"}
    given["PATH"] = f"{application / '.venv' / 'bin'}:{given['PATH']}"
    release = await asyncio.create_subprocess_exec(*lines["release"].split(), cwd=application, env=given)
    assert await release.wait() == 0
    both = [
        await asyncio.create_subprocess_exec(*lines[name].split(), cwd=application, env=given)
        for name in ("web", "worker")
    ]
    try:
        body = json.dumps(payload("received_text")["body"]).encode()
        webhook = f"http://127.0.0.1:{port}/webhooks/kapso"
        await until(lambda: _is_accepted(webhook, body))
        await until(lambda: _is_mirrored(pool))
    finally:
        for process in both:
            process.terminate()
        async with asyncio.timeout(20):
            for process in both:
                await process.wait()


async def _is_accepted(webhook: str, body: bytes) -> bool:
    """The process may be starting still."""
    try:
        return (await post(webhook, body, signed(body)))[0] == 200
    except ConnectionError:
        return False


async def _is_mirrored(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM messages"))
