"""The console command, used as an operator or a script would."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from store.drains import report
from store.postgres import Pool
from tests.helpers import SECRET, delivery, receiver, settled

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


async def run(*arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a real process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.usefixtures("environment", "redis")
async def test_status_says_what_was_done_and_is_1_when_somebody_must_look(pool: Pool) -> None:
    code, out, _ = await run("status", "--json")
    assert (code, json.loads(out)["problems"]) == (
        1,
        ["no drain has ever reported: start a worker (python -m workers)"],
    )
    await report(pool, 0, datetime.now(UTC), None)
    code, out, _ = await run("status", "--json")
    assert (code, json.loads(out)["waiting"], json.loads(out)["problems"]) == (0, 0, [])
    await settled(pool, [delivery(b"{", "whatsapp.message.received")])
    code, out, _ = await run("status")
    assert code == 1
    assert "1 malformed, open for up to 0.0 h; newest: body is not JSON" in out
    assert "needs you  1 dead letters are open: mirror dead-letters groups" in out


@pytest.mark.usefixtures("environment")
async def test_simulate_and_verify_fit_together(pool: Pool, redis: Redis, redis_url: str, tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger")
    async with receiver(redis_url) as url:
        code, out, _ = await run("simulate", "--url", url, "--secret", SECRET, "--ledger", ledger,
                              "--messages", "60", "--rate", "300", "--seed", "3", "--json")  # fmt: skip
    assert (code, json.loads(out)["refused"]) == (0, 0)
    code, out, _ = await run("verify", "--ledger", ledger, "--wait", "0.1", "--json")
    assert code == 1
    assert json.loads(out)["waiting"] > 0
    await redis.flushdb()
    code, out, _ = await run("verify", "--ledger", ledger, "--json")
    assert code == 1
    assert json.loads(out)["missing"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--ledger", "/nowhere"], "is not there"),
        (["simulate", "--url", "http://x", "--secret", "s", "--ledger", "l", "--chaos", "wind"], "unknown chaos: wind"),
    ],
)
async def test_used_wrongly_it_exits_with_2_and_says_why(arguments: list[str], said: str) -> None:
    code, _, err = await run(*arguments)
    assert code == 2
    assert said in err


@pytest.mark.parametrize("module", ["webhooks", "workers"])
def test_a_process_without_its_settings_names_what_is_missing(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "DATABASE_URL is not set." in done.stderr
    assert "Traceback" not in done.stderr
