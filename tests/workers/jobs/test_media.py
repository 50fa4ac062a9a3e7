"""Files of messages: kept once, checked, bounded, shown when Kapso's link is dead, and gone with their message."""

import asyncio
import base64
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from domain.media import PAUSES
from store.media import files
from store.media.archive import archive_at
from store.media.source import MediaSource
from store.ops import alarms
from store.ops.status import status
from store.postgres import Pool
from store.privacy import erase
from store.privacy.person import person
from store.privacy.retention import Retention, prune
from store.privacy.tombstones import Tombstones
from store.tasks import cancel_and_wait
from tests.chats import NUMBER
from tests.desk import says, signed_in
from tests.helpers import rows, served, until
from workers.jobs.media import MediaKeeper, MediaLimits

KEY = Tombstones(b"a key of its own")
BYTES = b"\x89PNG the shop front of Rina" * 100
LIMITS = MediaLimits(file_bytes=10_000, day_bytes=1_000_000)


@dataclass
class Shelf:
    """Where Kapso keeps files, for tests: bytes by name, which may go, and how often each was asked for."""

    held: dict[str, bytes] = field(default_factory=lambda: {"shop": BYTES})
    codes: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    chunked: bool = False
    declares: int = 0
    """A Content-Length whose body never ends."""
    host: str = ""

    def __post_init__(self) -> None:
        self.open.set()

    async def give(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.asked[name] += 1
        await self.open.wait()
        code = self.codes.get(name, 200)
        if name not in self.held or code != 200:
            return Response(status_code=code if code != 200 else 404)
        if self.declares:
            return StreamingResponse(_endless(), headers={"Content-Length": str(self.declares)})
        if self.chunked:
            return StreamingResponse(iter([self.held[name]]), media_type="image/png")
        return Response(self.held[name], media_type="image/png")

    def message(self, name: str = "shop", **more: Any) -> Mapping[str, Any]:
        return {"type": "image", "image": {"id": "1", "link": f"http://{self.host}/{name}", **more}}


async def _endless() -> AsyncIterator[bytes]:
    yield b"x"
    await asyncio.Event().wait()


@asynccontextmanager
async def shelf() -> AsyncIterator[Shelf]:
    one = Shelf()
    async with served(Starlette(routes=[Route("/{name}", one.give)])) as url:
        one.host = url.removeprefix("http://")
        yield one


@asynccontextmanager
async def keeper(
    pool: Pool, one: Shelf, folder: Path, limits: MediaLimits = LIMITS, rest: float = 0.0
) -> AsyncIterator[MediaKeeper]:
    await files.enable(pool, on=True)
    keeping = MediaKeeper(pool, MediaSource((one.host,)), f"file:{folder}", limits, rest=rest)
    yield keeping
    await keeping.close()


def stored(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def lose(folder: Path) -> None:
    for path in list(folder.rglob("*")):
        if path.is_file():
            path.unlink()


async def due_now(pool: Pool) -> None:
    await pool.execute("UPDATE media_files SET next_try_at = now() WHERE state = 'waiting'")
    await pool.execute("UPDATE media_removals SET due_at = now()")


async def test_page_shows_the_kept_file_when_its_link_is_dead(
    pool: Pool, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    declared = base64.b64encode(hashlib.sha256(BYTES).digest()).decode()
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", id="wamid.shop", name="Rina", **one.message(sha256=declared))
        await says(pool, "", id="wamid.sent", ours=True, **one.message())
        await keeping.tick()
        await says(pool, "", id="wamid.shop", name="Rina", **one.message(sha256=declared))
        await keeping.tick()
        assert (one.asked["shop"], stored(tmp_path)) == (2, [BYTES, BYTES])
        del one.held["shop"]
        given: dict[str, Any] = {"media_archive": f"file:{tmp_path}", "media_hosts": (one.host,)}
        async with signed_in(pool, redis_url, database_url, **given) as http:
            whole = await http.get("/media/wamid.shop")
            assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, BYTES, "image/png")
            assert "sandbox" in whole.headers["content-security-policy"]
            for asked, wanted in (("bytes=0-3", BYTES[:4]), ("bytes=5-", BYTES[5:]), ("bytes=10-99999", BYTES[10:])):
                part = await http.get("/media/wamid.shop", headers={"Range": asked})
                assert (part.status_code, part.content) == (206, wanted)
                begin = asked.removeprefix("bytes=").partition("-")[0]
                assert part.headers["content-range"] == f"bytes {begin}-{int(begin) + len(wanted) - 1}/{len(BYTES)}"
            assert (await http.get("/media/wamid.shop", headers={"Range": "bytes=99999-"})).status_code == 416
            # What players do not send is answered whole.
            for odd in ("bytes=-5", "bytes=1-2,4-5", "lines=1-2"):
                assert (await http.get("/media/wamid.shop", headers={"Range": odd})).content == BYTES
            # A file that is cut off or lost in the archive is asked for at its source.
            lose(tmp_path)
            assert (await http.get("/media/wamid.shop")).status_code == 404
            one.held["shop"] = b"again"
            assert (await http.get("/media/wamid.shop")).content == b"again"


@pytest.mark.parametrize("chunked", [False, True])
async def test_keeper_refuses_a_file_that_is_too_large(pool: Pool, tmp_path: Path, chunked: bool) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        one.held["shop"], one.chunked = b"x" * 10_001, chunked
        await says(pool, "", **one.message())
        await keeping.tick()
        (row,) = await rows(pool, "media_files")
        assert (row["state"], "MEDIA_FILE_BYTES" in row["error"], stored(tmp_path)) == ("refused", True, [])


async def test_keeper_refuses_a_declared_length_without_reading_the_body(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        one.declares = 10_001
        await says(pool, "", **one.message())
        async with asyncio.timeout(10):
            await keeping.tick()
        (row,) = await rows(pool, "media_files")
        assert (row["state"], "MEDIA_FILE_BYTES" in row["error"]) == ("refused", True)


async def test_keeper_never_requests_a_file_from_another_host(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        for n, url in enumerate(("http://127.0.0.1:1/x", "https://evil.invalid/x", "file:///etc/passwd")):
            await says(pool, "", id=f"wamid.{n}", type="image", image={"id": "1", "link": url})
        await keeping.tick()
        assert {row["state"] for row in await rows(pool, "media_files")} == {"refused"}
        assert all("evil" not in row["error"] for row in await rows(pool, "media_files"))


async def test_keeper_retries_a_file_until_its_hash_is_right(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        one.held["shop"] = BYTES[:-1]
        await says(pool, "", **one.message(sha256=hashlib.sha256(BYTES).hexdigest()))
        await keeping.tick()
        (row,) = await rows(pool, "media_files")
        assert (row["state"], "SHA-256" in row["error"], stored(tmp_path)) == ("waiting", True, [])
        await keeping.tick()
        assert one.asked["shop"] == 1, "not before its time"
        one.codes["shop"] = 503
        await due_now(pool)
        await keeping.tick()
        one.codes.clear()
        one.held["shop"] = BYTES
        await due_now(pool)
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]


async def test_keeper_gives_up_a_dead_link_and_tries_a_new_one(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        id = await says(pool, "", **one.message("gone"))
        for _ in range(len(PAUSES) + 3):
            await due_now(pool)
            await keeping.tick()
        (row,) = await rows(pool, "media_files")
        assert (row["state"], row["error"], one.asked["gone"]) == ("refused", "answered 404", len(PAUSES) + 1)
        await says(pool, "", id=id, at=datetime.now(UTC) + timedelta(seconds=5), **one.message("shop"))
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]


async def test_erase_removes_files_also_those_that_are_being_downloaded(
    pool: Pool, redis: Redis, tmp_path: Path
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", id="wamid.her1", name="Rina", **one.message())
        await says(pool, "", id="wamid.his1", number="6281300000009", **one.message())
        await keeping.tick()
        assert len(stored(tmp_path)) == 2
        one.open.clear()
        await says(pool, "", id="wamid.her2", name="Rina", **one.message("late"))
        one.held["late"] = b"on its way"
        fetching = asyncio.create_task(keeping.tick())
        await until(lambda: _asked(one, "late"))
        who = await person(pool, NUMBER)
        assert who is not None
        done = await erase.erase(pool, redis, who, KEY, shards=1, by="test")
        assert done.rows["media_files"] == 2
        await pool.execute("UPDATE media_removals SET due_at = now() + interval '1 hour'")
        one.open.set()
        await fetching
        assert stored(tmp_path) == [BYTES, BYTES], "the worker that stored the late one did not delete it"
        await pool.execute(
            "UPDATE media_removals SET due_at = now() WHERE id IN (SELECT min(id) FROM media_removals GROUP BY key)"
        )
        await keeping.tick()
        assert (stored(tmp_path), len(await rows(pool, "media_removals"))) == ([BYTES], 2)
        # A worker that died after it had stored a file: the second removal takes it.
        for row in await rows(pool, "media_removals"):
            path = tmp_path / row["key"][:2] / row["key"].replace("-", "")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"on its way")
            path.with_name(f"{path.name}#1").write_bytes(b"half of it")
        await due_now(pool)
        await keeping.tick()
        assert (stored(tmp_path), await rows(pool, "media_removals")) == ([BYTES], [])


async def _asked(one: Shelf, name: str) -> bool:
    return one.asked[name] > 0


async def test_keeper_removes_files_of_revoked_and_pruned_messages_and_expired_files(
    pool: Pool, redis: Redis, tmp_path: Path
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path, MediaLimits(10_000, 1_000_000, days=30)) as keeping:
        one.held |= {"revoked": b"revoked", "pruned": b"pruned", "old": b"old"}
        now = datetime.now(UTC)
        await says(pool, "", id="wamid.revoked", **one.message("revoked"))
        await says(pool, "", id="wamid.pruned", at=now - timedelta(days=400), **one.message("pruned"))
        await says(pool, "", id="wamid.old", **one.message("old"))
        await says(pool, "", id="wamid.stays", **one.message())
        await keeping.tick()
        assert len(stored(tmp_path)) == 4
        await pool.execute("UPDATE messages SET revoked_at = now() WHERE id = 'wamid.revoked'")
        await pool.execute("UPDATE media_files SET kept_at = now() - interval '31 days' WHERE message_id = 'wamid.old'")
        await prune(pool, redis, Retention(messages=365), KEY, shards=1)
        await keeping.expire()
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]
        found = {row["message_id"]: row["state"] for row in await rows(pool, "media_files")}
        assert found == {"wamid.old": "expired", "wamid.stays": "kept"}


async def test_keeper_stops_at_the_limit_of_a_day_and_continues_the_next_day(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path, MediaLimits(10_000, len(BYTES))) as keeping:
        await says(pool, "", **one.message())
        await keeping.tick()
        await says(pool, "", **one.message())
        await keeping.tick()
        (alarm,) = await alarms.standing(pool)
        assert ("MEDIA_DAY_BYTES" in alarm.what, "1 files" in alarm.what, len(stored(tmp_path))) == (True, True, 1)
        await pool.execute("UPDATE media_files SET kept_at = kept_at - interval '1 day' WHERE kept_at IS NOT NULL")
        await keeping.tick()
        assert (await alarms.standing(pool), len(stored(tmp_path))) == ([], 2)


async def test_keeper_raises_an_alarm_and_counts_no_attempt_when_the_archive_fails(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    async with shelf() as one, keeper(pool, one, folder) as keeping:
        await keeping.tick()
        shutil.rmtree(folder)
        folder.write_text("not a folder any more")
        await says(pool, "", **one.message())
        await keeping.tick()
        assert one.asked["shop"] == 1
        (row,) = await rows(pool, "media_files")
        (alarm,) = await alarms.standing(pool)
        assert (row["state"], row["attempts"], "Check MEDIA_ARCHIVE" in alarm.what) == ("waiting", 0, True)
        folder.unlink()
        folder.mkdir()
        await due_now(pool)
        await keeping.tick()
        assert (stored(folder), await alarms.standing(pool)) == ([BYTES], [])


async def test_enable_queues_the_last_week_and_disable_stops_the_triggers(
    pool: Pool, redis: Redis, tmp_path: Path
) -> None:
    async with shelf() as one:
        now = datetime.now(UTC)
        await says(pool, "", id="wamid.ancient", at=now - timedelta(days=9), **one.message())
        await says(pool, "", id="wamid.recent", at=now - timedelta(days=5), **one.message())
        assert await rows(pool, "media_files") == []
        async with keeper(pool, one, tmp_path) as keeping:
            await keeping.tick()
            assert [row["message_id"] for row in await rows(pool, "media_files")] == ["wamid.recent"]
        await files.enable(pool, on=False)
        await says(pool, "", id="wamid.after", **one.message())
        assert len(await rows(pool, "media_files")) == 1
        # The status reports removals that no worker carries out.
        await pool.execute("DELETE FROM media_files")
        await pool.execute("UPDATE media_removals SET due_at = now() - interval '2 hours'")
        found = await status(pool, redis, 1, now)
        assert any("set MEDIA_ARCHIVE" in problem for problem in found.problems)


async def test_keeper_takes_over_from_a_dead_worker_which_may_come_back_late(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", **one.message())
        archive = archive_at(f"file:{tmp_path}")
        (claimed,) = await files.claim(pool, 4)
        await archive.put(claimed.key, BytesIO(b"half"))
        await keeping.tick()
        assert stored(tmp_path) == [b"half"], "its lease still runs"
        await due_now(pool)
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]
        # The one that was taken for dead comes late with the same file: it stays.
        assert await files.kept(pool, claimed, hashlib.sha256(BYTES).digest(), len(BYTES), "image/png")
        assert stored(tmp_path) == [BYTES]


async def test_keeper_runs_one_tick_at_a_time_and_pauses_after_a_failure(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    async with shelf() as one, keeper(pool, one, folder, rest=60.0) as keeping:
        one.open.clear()
        await says(pool, "", **one.message())
        first = asyncio.create_task(keeping.tick())
        await until(lambda: _asked(one, "shop"))
        one.held["other"] = b"other"
        await says(pool, "", **one.message("other"))
        await keeping.tick()
        assert one.asked["other"] == 0
        one.open.set()
        await first
        assert len(stored(folder)) == 2
        lose(folder)
        shutil.rmtree(folder)
        folder.write_text("not a folder any more")
        await says(pool, "", **one.message())
        for _ in range(3):
            await due_now(pool)
            await keeping.tick()
        folder.unlink()
        folder.mkdir()
        await keeping.tick()
        # One download, one alarm that stands, no second try within its rest.
        assert (one.asked["shop"], len(await alarms.standing(pool)), await rows(pool, "incidents")) == (2, 1, [])


async def test_page_answers_416_for_a_range_of_an_empty_file(
    pool: Pool, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        one.held["shop"] = b""
        await says(pool, "", id="wamid.empty", **one.message())
        await keeping.tick()
        async with signed_in(pool, redis_url, database_url, media_archive=f"file:{tmp_path}") as http:
            assert (await http.get("/media/wamid.empty", headers={"Range": "bytes=0-"})).status_code == 416
            assert (await http.get("/media/wamid.empty")).content == b""


async def test_page_serves_files_from_kapso_when_the_archive_cannot_be_opened(
    pool: Pool, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    async with shelf() as one:
        await says(pool, "", id="wamid.shop", **one.message())
        given: dict[str, Any] = {"media_archive": f"file:{tmp_path}/taken/below", "media_hosts": (one.host,)}
        async with signed_in(pool, redis_url, database_url, **given) as http:
            assert (await http.get("/media/wamid.shop")).content == BYTES


async def test_keeper_tries_a_new_url_at_once(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        id = await says(pool, "", **one.message("gone"))
        await keeping.tick()
        await says(pool, "", id=id, at=datetime.now(UTC) + timedelta(seconds=5), **one.message())
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]


async def test_keeper_does_not_refuse_a_file_whose_url_changed_during_its_last_attempt(
    pool: Pool, tmp_path: Path
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        id = await says(pool, "", **one.message("gone"))
        await pool.execute("UPDATE media_files SET attempts = $1", len(PAUSES))
        one.open.clear()
        fetching = asyncio.create_task(keeping.tick())
        await until(lambda: _asked(one, "gone"))
        await says(pool, "", id=id, at=datetime.now(UTC) + timedelta(seconds=5), **one.message())
        one.open.set()
        await fetching
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]


async def test_keeper_drops_a_file_whose_message_is_revoked_during_the_download(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", **one.message())
        one.open.clear()
        fetching = asyncio.create_task(keeping.tick())
        await until(lambda: _asked(one, "shop"))
        await pool.execute("UPDATE messages SET revoked_at = now()")
        one.open.set()
        await fetching
        assert stored(tmp_path) == []


async def test_keeper_raises_an_alarm_until_the_archive_can_be_opened(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    async with shelf() as one, keeper(pool, one, tmp_path / "taken" / "archive") as keeping:
        await says(pool, "", **one.message())
        await keeping.tick()
        (alarm,) = await alarms.standing(pool)
        assert ("cannot be opened" in alarm.what, one.asked["shop"]) == (True, 0)
        (tmp_path / "taken").unlink()
        await keeping.tick()
        assert (len(stored(tmp_path)), await alarms.standing(pool)) == (1, [])


async def test_keeper_counts_no_attempt_when_a_temporary_file_cannot_be_written(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", **one.message())
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
        await keeping.tick()
        (row,) = await rows(pool, "media_files")
        (alarm,) = await alarms.standing(pool)
        assert (row["state"], row["attempts"], "temporary file" in alarm.what) == ("waiting", 0, True)


async def test_keeper_counts_no_attempt_when_the_worker_stops(pool: Pool, tmp_path: Path) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", **one.message())
        one.open.clear()
        fetching = asyncio.create_task(keeping.tick())
        await until(lambda: _asked(one, "shop"))
        await cancel_and_wait(fetching)
        one.open.set()
        await keeping.tick()
        assert stored(tmp_path) == [BYTES]


async def test_page_serves_neither_a_revoked_message_nor_a_file_that_is_cut_off(
    pool: Pool, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with shelf() as one, keeper(pool, one, tmp_path) as keeping:
        await says(pool, "", id="wamid.shop", **one.message())
        await keeping.tick()
        (path,) = [path for path in list(tmp_path.rglob("*")) if path.is_file()]  # noqa: ASYNC240
        path.write_bytes(BYTES[:5])
        given: dict[str, Any] = {"media_archive": f"file:{tmp_path}", "media_hosts": (one.host,)}
        async with signed_in(pool, redis_url, database_url, **given) as http:
            assert (await http.get("/media/wamid.shop")).content == BYTES
            await pool.execute("UPDATE messages SET revoked_at = now()")
            assert (await http.get("/media/wamid.shop")).status_code == 404
