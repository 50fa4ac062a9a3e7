"""The commands on leads, as people run them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from store.media import files
from store.media.archive import archive_at
from store.postgres import Pool
from tests.chats import NUMBER, chat, lead
from tests.cli.test_console import inside, run
from tests.desk import says
from tests.helpers import rows


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("ERASURE_KEY", "a key of its own")


async def ran(*arguments: str) -> tuple[int, Any]:
    """Exit code and the JSON that was printed."""
    code, out, _ = await run(*arguments, "--json")
    return code, json.loads(out) if out.strip() else None


STORY = ("saya Rina dari Bandung, usaha laundry", "chat numpuk, berapa harganya? butuh minggu ini")


@pytest.mark.usefixtures("environment")
async def test_chats_are_read_and_leads_are_listed(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    await chat(pool, *STORY)
    await chat(pool, "halo", number="628999000")
    code, done = await ran("read-chats")
    assert (code, done["read"], done["changed"]) == (0, 2, 2)
    code, found = await ran("leads", "--city", "bandung", "--waiting", "--score", "40")
    assert code == 0
    (row,) = found["leads"]
    assert (row["name"], row["lead_temperature"], row["phone"]) == ("Rina", "warm", f"+{NUMBER}")
    code, out, _ = await inside(capsys, "leads")
    assert code == 0
    assert "Rina +6281234567890" in out
    assert "asked price +15" in out
    assert (await inside(capsys, "leads", "--city", "nowhere"))[1] == "no lead fits that\n"


@pytest.mark.usefixtures("environment")
async def test_export_writes_the_files_of_a_person(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    to, folder = ("--to", str(tmp_path / "rina.json")), tmp_path / "of rina"
    code, _, said = await inside(capsys, "export", NUMBER, *to, "--files", str(folder))
    assert (code, "needs MEDIA_ARCHIVE" in said) == (2, True)
    monkeypatch.setenv("MEDIA_ARCHIVE", f"file:{tmp_path}/archive")
    await files.enable(pool, on=True)
    archive = archive_at(f"file:{tmp_path}/archive")
    shown = {
        "type": "document",
        "document": {"id": "1", "link": "https://kapso.ai/1", "filename": f"../../{'価' * 120}.pdf"},
    }
    await says(pool, "", id="wamid.one", **shown)
    await says(pool, "", id="wamid.lost", **shown)
    await says(pool, "", id="wamid.his", number="6281300000009", **shown)
    for file in await files.claim(pool, 9):
        if file.message_id != "wamid.lost":
            await archive.put(file.key, BytesIO(b"prices"))
        await files.kept(pool, file, b"x" * 32, 6, "application/pdf")
    code, _, said = await inside(capsys, "export", NUMBER, *to, "--files", str(folder))
    assert (code, "1 files are in" in said, "wamid.lost is not in the archive" in said) == (0, True, True)
    (path,) = folder.iterdir()
    assert (path.read_bytes(), path.name.startswith("wamid.one-"), path.suffix) == (b"prices", True, ".pdf")
    assert (path.stat().st_mode & 0o777, len(path.name.encode()) <= 255) == (0o600, True)
    assert len(json.loads((tmp_path / "rina.json").read_text())["media_files"]) == 2


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("environment")
async def test_an_export_follows_a_link_and_leaves_nothing_of_a_file_that_cannot_be_written(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, *STORY)
    file, link = tmp_path / "rina.json", tmp_path / "link.json"
    file.write_text("old")
    link.symlink_to(file)
    assert (await inside(capsys, "export", f"+{NUMBER}", "--to", str(link)))[0] == 0
    assert (link.is_symlink(), "messages" in json.loads(file.read_text())) == (True, True)
    code, _, said = await inside(capsys, "export", f"+{NUMBER}", "--to", "/dev/full")
    assert (code, "/dev/full can't be written: No space left" in said) == (2, True)
    assert names_in(tmp_path) == ["link.json", "rina.json"]


@pytest.mark.usefixtures("environment")
async def test_a_person_is_exported_then_erased(
    pool: Pool, redis: Redis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, *STORY)
    file = tmp_path / "rina.json"
    assert (await inside(capsys, "export", f"+{NUMBER}", "--to", str(file), "--by", "user:budi"))[0] == 0
    assert json.loads(file.read_text())["messages"][0]["text"].startswith("saya Rina")
    code, plan = await ran("erase", NUMBER, "--dry-run")
    assert (code, plan["messages"]) == (0, 2)
    assert await lead(pool) is not None
    code, done = await ran("erase", NUMBER, "--yes")
    assert (code, done["rows"]["messages"], "anew" in done["redis"]) == (0, 2, True)
    assert await lead(pool) is None
    code, _ = await ran("erase", NUMBER, "--yes")
    assert code == 1
    assert [row["action"] for row in await rows(pool, "access_log")] == ["export", "erase"]


@pytest.mark.usefixtures("environment")
async def test_erasing_says_what_it_did_and_what_it_cannot_reach(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, *STORY)
    code, out, _ = await inside(capsys, "erase", NUMBER, "--yes")
    assert code == 0
    for words in ("1 contacts", "2 messages", "2 in deliveries", "tombstones", "backups", "Kapso itself"):
        assert words in out
    assert NUMBER not in out


@pytest.mark.usefixtures("environment")
async def test_without_a_key_nobody_is_erased(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, *STORY)
    monkeypatch.delenv("ERASURE_KEY")
    code, _, err = await inside(capsys, "erase", NUMBER, "--yes")
    assert (code, "ERASURE_KEY is not set" in err) == (2, True)
    assert await lead(pool) is not None


@pytest.mark.usefixtures("environment")
async def test_pruning_goes_by_the_settings(
    pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "old", at=-400 * 86_400)
    await chat(pool, "new")
    code, done = await ran("prune")
    assert (code, done) == (0, {"messages": 0, "dead_letters": 0, "leads": 0})
    monkeypatch.setenv("MESSAGE_DAYS", "100")
    assert (await ran("prune", "--dry-run"))[1]["messages"] == 1
    assert (await ran("prune"))[1]["messages"] == 1
    assert [row["text"] for row in await rows(pool, "messages")] == ["new"]
    monkeypatch.setenv("LEAD_DAYS", "100")
    monkeypatch.delenv("ERASURE_KEY")
    code, _, err = await inside(capsys, "prune")
    assert (code, "LEAD_DAYS needs ERASURE_KEY" in err) == (2, True)


async def test_the_reading_of_chats_is_scored() -> None:
    code, reports = await ran("eval", "--on", "develop")
    assert code == 0
    assert reports["rules"]["chats"] == 150
    assert reports["rules"]["macro_f1"] > 0.9


async def test_nobody_is_erased_where_nobody_can_be_asked(
    pool: Pool, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo")
    code, out, err = await inside(capsys, "erase", NUMBER)
    assert (code, "nothing was changed" in out, "--yes" in err) == (2, True, True)
    assert (await inside(capsys, "erase", NUMBER, "--dry-run"))[0] == 0
    assert await pool.fetchval("SELECT count(*) FROM contacts") == 1
