"""The console command, used as an operator or a script would."""

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from cli.main import main
from cli.parser import COMMANDS
from store.mirror import reconcile
from store.mirror.reconcile import ComparisonCounts
from store.ops.drains import report
from store.postgres import Pool
from tests.helpers import SECRET, delivery, receiver, settled
from tools.__main__ import main as try_out

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("simulate", "verify", "eval", "team")


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


async def run(*arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a real process."""
    room = "tools" if arguments[0] in TOOLS else "cli"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", room, *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def inside(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The same within this process, which is quicker."""
    capsys.readouterr()
    try:
        code = await asyncio.to_thread(main, arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("environment", "redis")
async def test_status_says_what_was_done_and_is_1_when_somebody_must_look(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = await run("status", "--json")
    assert (code, json.loads(out)["problems"]) == (
        1,
        ["no drain has ever reported: start a worker (python -m workers)"],
    )
    await report(pool, 0, datetime.now(UTC), None)
    code, out, _ = await run("status", "--json")
    assert (code, json.loads(out)["waiting"], json.loads(out)["problems"]) == (0, 0, [])
    await settled(pool, [delivery(b"{", "whatsapp.message.received")])
    code, out, _ = await inside(capsys, "status")
    assert code == 1
    assert "1 malformed, open for up to 0.0 h; newest: body is not JSON" in out
    assert "needs you  1 dead letters are open: mirror dead-letters groups" in out


@pytest.mark.usefixtures("environment", "redis")
async def test_status_names_polls_that_fail_for_minutes(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    """Not one that failed once, and none after a poll that succeeded."""
    now = datetime.now(UTC)
    await report(pool, 0, now, None)
    for minutes, error in ((9, None), (8, "connection refused"), (1, "connection refused")):
        await reconcile.keep_run(pool, "fresh", ComparisonCounts(), began_at=now, error=error)
        await pool.execute(
            "UPDATE reconcile_runs SET ended_at = now() - make_interval(mins => $1) WHERE ended_at > now() - interval '30 s'",
            minutes,
        )
    code, out, _ = await inside(capsys, "status")
    assert (code, "polling Kapso (fresh) has failed for 9 minutes: connection refused. Check KAPSO_API_URL" in out) == (
        1,
        True,
    )
    await reconcile.keep_run(pool, "fresh", ComparisonCounts(), began_at=now)
    code, out, _ = await run("status", "--json")
    assert (code, json.loads(out)["problems"]) == (0, [])


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


@pytest.mark.parametrize(
    "given",
    [
        ("api-keys", "add", "x", "--scope", "leads:read", "--days", "0"),
        ("api-keys", "add", "x", "--scope", "leads:read", "--days", "-5"),
        ("api-keys", "add", "x", "--scope", "leads:read", "--days", "3000000"),
        ("replay", "--since", "99999999999d"),
        ("replay", "--since", "1d", "--per-second", "nan"),
        ("leads", "--limit", "0"),
        ("leads", "--score", "99999999999999999999"),
        ("dead-letters", "show", "99999999999999999999"),
        ("simulate", "--url", "http://127.0.0.1:1", "--secret", "x", "--ledger", "x", "--people", "0"),
        ("simulate", "--url", "http://127.0.0.1:1", "--secret", "x", "--ledger", "x", "--rate", "0"),
        ("simulate", "--url", "http://127.0.0.1:1", "--secret", "x", "--ledger", "x", "--seconds", "nan"),
        ("verify", "--ledger", "x", "--wait", "-1"),
    ],
)
def test_main_exits_with_2_and_one_sentence_when_a_number_is_out_of_bounds(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        (try_out if given[0] in TOOLS else main)(given)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "error: argument" in last
    assert given[-1] in last


def test_migrate_says_what_is_wrong_with_a_revision(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    for given, said in ((("zzz",), "zzz"), (("--down",), "Name the revision"), (("zzz", "--down"), "zzz")):
        assert main(["migrate", *given]) == 2
        assert said in capsys.readouterr().err


def test_export_tries_its_file_before_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    assert main(["export", "+62811", "--to", str(tmp_path / "nowhere" / "x.json")]) == 2
    assert "can't be written" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_action_of_it_takes_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(*arguments: str) -> str:
        with pytest.raises(SystemExit, match="0"):
            main([*arguments, "--help"])
        return capsys.readouterr().out

    said = asked(name)
    assert "--json" in said
    actions = re.findall(r"^    ([a-z-]+)  ", said, re.MULTILINE) if "\n  ACTION\n" in said else []
    for action in actions:
        assert "--json" in asked(name, action), action
    assert bool(actions) == (
        name in {"api-keys", "dead-letters", "erasures", "hooks", "knowledge", "leads", "users", "webhooks"}
    ), actions


@pytest.mark.usefixtures("environment")
async def test_what_is_changed_is_said_as_json_too(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "users", "add", "budi", "--role", "sales", "--json", cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(b"correct horse battery\n")
    assert json.loads(out) == {"added": "budi"}
    assert json.loads((await inside(capsys, "users", "disable", "budi", "--json"))[1]) == {"changed": "budi"}
    assert [row["name"] for row in json.loads((await inside(capsys, "users", "list", "--json"))[1])["users"]] == [
        "budi"
    ]


@pytest.mark.usefixtures("environment", "pool")
async def test_what_went_wrong_is_named_and_nothing_else_is_blamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = await inside(capsys, "dead-letters", "export", "--output", str(tmp_path / "missing" / "letters"))
    assert (code, said) == (1, f"{tmp_path}/missing/letters: No such file or directory. Choose another file.\n")


async def test_a_shell_completes_commands_actions_and_options(tmp_path: Path) -> None:
    script = tmp_path / "mirror.bash"
    shell = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "completion", "bash", stdout=subprocess.PIPE
    )
    script.write_bytes((await shell.communicate())[0])

    async def completed(*words: str, begun: str = "") -> set[str]:
        ask = (
            f'source {script}; COMP_WORDS=(mirror {" ".join(words)} "{begun}"); COMP_CWORD={len(words) + 1};'
            ' _shtab_mirror; echo "${COMPREPLY[@]}"'
        )
        bash = await asyncio.create_subprocess_exec("bash", "-c", ask, stdout=subprocess.PIPE)
        return set((await bash.communicate())[0].decode().split())

    assert {"status", "dead-letters", "analyst-role"} <= await completed()
    assert {"list", "replay", "discard"} <= await completed("dead-letters")
    assert {"--kind", "--event", "--go"} <= await completed("dead-letters", "replay", begun="--")
