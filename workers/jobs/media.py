"""Keep files of messages: download each once, check it, store it in the archive, and delete it when its row goes."""

import asyncio
import hashlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Final

import httpx
import structlog

from domain.media import PAUSES, digest
from domain.retries import pause
from store.media import files
from store.media.archive import ArchiveFailed, MediaArchive, archive_at
from store.media.files import Removal, WaitingFile
from store.media.source import FETCH_ERRORS, HostNotAllowed, MediaSource
from store.ops import alarms
from store.postgres import Pool

log = structlog.get_logger(__name__)

AT_ONCE: Final = 4
REMOVED_AT_ONCE: Final = 100
# DOWNLOAD_SECONDS + PUT_SECONDS must be less than files.LEASE.
DOWNLOAD_SECONDS: Final = 300.0
REST_SECONDS: Final = 60.0
# Less than the timeout of the job, with the time for one more file.
ROUND_SECONDS: Final = 900.0
ARCHIVE_ALARM: Final = "media archive"
DAY_ALARM: Final = "media day"
FORGOTTEN_AFTER: Final = timedelta(minutes=5)
"""Alarms are raised again every minute. An older one is of a process that ended."""


class NotKept(Exception):
    """The download failed. `again` is whether a retry may help."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.again = again


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Bytes of one file, bytes a day (UTC), and days for which files are kept (None: as long as their messages)."""

    file_bytes: int
    day_bytes: int
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """What was downloaded. `size` is in bytes."""

    sha256: bytes
    size: int
    content_type: str


class MediaKeeper:
    """One in each worker process. Workers share the queue: each row is claimed by one."""

    def __init__(
        self, pool: Pool, source: MediaSource, address: str, limits: MediaLimits, *, rest: float = REST_SECONDS
    ) -> None:
        """`address` is MEDIA_ARCHIVE. `rest` is the pause in seconds after a failure, and when the day is full."""
        self._rest = rest
        self._pool = pool
        self._source = source
        self._address = address
        self._limits = limits
        self._archive: MediaArchive | None = None
        self._alarms: set[str] = set()
        self._rests_until = 0.0
        self._works = asyncio.Lock()

    async def close(self) -> None:
        await self._source.close()

    async def tick(self) -> None:
        """Delete and keep all files that are due. Returns at once while another tick works.

        After a failure of the archive, probe it before the next download.
        """
        if self._works.locked() or time.monotonic() < self._rests_until:
            return
        async with self._works:
            try:
                # It is opened here, so that a folder which is mounted later needs no restart.
                self._archive = self._archive or archive_at(self._address)
                if ARCHIVE_ALARM in self._alarms:
                    await self._archive.probe()
                await self._work(self._archive)
            except ArchiveFailed as error:
                self._rests_until = time.monotonic() + self._rest
                text = f"files of messages wait: {error}. Check MEDIA_ARCHIVE, and the disk of the workers"
                await self._stand(ARCHIVE_ALARM, text)

    async def expire(self) -> None:
        """Expire files that are older than MEDIA_DAYS, and drop alarms of processes that ended."""
        if self._limits.days:
            await files.expire(self._pool, datetime.now(UTC) - timedelta(days=self._limits.days))
        for name in (ARCHIVE_ALARM, DAY_ALARM):
            await alarms.forget(self._pool, name, FORGOTTEN_AFTER)

    async def _work(self, archive: MediaArchive) -> None:
        """Delete and download in turns, so that neither waits for a long queue of the other."""
        until = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < until:
            removals = await files.claim_removals(self._pool, REMOVED_AT_ONCE)
            await _all([self._remove(archive, one) for one in removals])
            waiting = await files.claim(self._pool, AT_ONCE) if await self._has_bytes_left() else []
            await _all([self._keep(archive, one) for one in waiting])
            await self._stand(ARCHIVE_ALARM, None)
            if not removals and not waiting:
                return

    async def _has_bytes_left(self) -> bool:
        if await files.bytes_today(self._pool) < self._limits.day_bytes:
            await self._stand(DAY_ALARM, None)
            return True
        self._rests_until = time.monotonic() + self._rest
        if count := await files.due(self._pool):
            text = f"MEDIA_DAY_BYTES is used up: {count} files wait until midnight UTC. Raise it if this happens often"
            await self._stand(DAY_ALARM, text)
        return False

    async def _stand(self, name: str, what: str | None) -> None:
        """Raise the alarm (again), or clear it if this process has raised it."""
        if what:
            await alarms.sound(self._pool, name, what)
            self._alarms.add(name)
        elif name in self._alarms:
            await alarms.clear(self._pool, name)
            self._alarms.remove(name)

    async def _remove(self, archive: MediaArchive, removal: Removal) -> None:
        await archive.delete(removal.key)
        await files.removed(self._pool, removal)

    async def _keep(self, archive: MediaArchive, file: WaitingFile) -> None:
        """Download one file and store it. Raises ArchiveFailed: then the attempt does not count."""
        try:
            # The temporary file has no name, so nothing of it stays if the process is killed.
            with _disk_errors(), tempfile.TemporaryFile() as copy:
                async with asyncio.timeout(DOWNLOAD_SECONDS):
                    found = await self._download(file, copy)
                copy.seek(0)
                await archive.put(file.key, copy)
        except ArchiveFailed:
            await files.postpone(self._pool, file, self._rest)
            raise
        except asyncio.CancelledError:
            await asyncio.shield(files.postpone(self._pool, file, 0))
            raise
        except (NotKept, HostNotAllowed, TimeoutError) as error:
            await self._failed(file, error)
            return
        if not await files.kept(self._pool, file, found.sha256, found.size, found.content_type):
            await archive.delete(file.key)

    async def _failed(self, file: WaitingFile, error: Exception) -> None:
        is_final = isinstance(error, HostNotAllowed) or (isinstance(error, NotKept) and not error.again)
        why = "took too long" if isinstance(error, TimeoutError) else str(error)
        again = None if is_final else pause(PAUSES, file.attempts, random.random())
        log.info("a file was not kept", error=why, attempts=file.attempts, again=again)
        await files.failed(self._pool, file, why, again)

    async def _download(self, file: WaitingFile, to: IO[bytes]) -> Download:
        """Download the file into `to`. Raises NotKept, HostNotAllowed, TimeoutError, and OSError of the disk."""
        too_large = NotKept(f"larger than MEDIA_FILE_BYTES ({self._limits.file_bytes})", again=False)
        try:
            answer = await self._source.open(file.url, {"Accept-Encoding": "identity"})
        except FETCH_ERRORS as error:
            # Its text contains the URL, which is a secret.
            raise NotKept(type(error).__name__) from None
        async with aclosing(answer):
            if answer.status_code != 200:
                raise NotKept(f"answered {answer.status_code}")
            if int(answer.headers.get("content-length", 0)) > self._limits.file_bytes:
                raise too_large
            hashed, size = hashlib.sha256(), 0
            async for chunk in _chunks(answer):
                size += len(chunk)
                if size > self._limits.file_bytes:
                    raise too_large
                hashed.update(chunk)
                to.write(chunk)
            kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        declared = digest(file.sha256)
        if declared is not None and declared != hashed.digest():
            raise NotKept("its SHA-256 differs from the one in its message")
        return Download(hashed.digest(), size, kind or "application/octet-stream")


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Raises NotKept if the connection breaks."""
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    except httpx.HTTPError as error:
        raise NotKept(type(error).__name__) from None


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn errors of the temporary file into ArchiveFailed: they say nothing about the link."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise ArchiveFailed(f"a temporary file cannot be written ({error.strerror})") from None


async def _all(actions: Sequence[Awaitable[None]]) -> None:
    """Run all actions to their end, then raise the first error."""
    done = await asyncio.gather(*actions, return_exceptions=True)
    if failed := next((one for one in done if isinstance(one, BaseException)), None):
        raise failed
