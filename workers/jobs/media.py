"""Keep files of messages: download each once, check it, store it in the archive, and delete it when its row goes."""

import asyncio
import hashlib
import random
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Final

import structlog

from domain.media import PAUSES, digest
from domain.retries import pause
from store.media import files
from store.media.archive import ArchiveFailed, MediaArchive
from store.media.files import Removal, WaitingFile
from store.media.source import FETCH_ERRORS, HostNotAllowed, MediaSource
from store.ops import alarms
from store.postgres import Pool

log = structlog.get_logger(__name__)

AT_ONCE: Final = 4
REMOVED_AT_ONCE: Final = 100
# With the time to store it, less than the lease of a claim.
DOWNLOAD_SECONDS: Final = 300.0
REST_SECONDS: Final = 60.0
ALARM: Final = "media archive"


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
        self, pool: Pool, source: MediaSource, archive: MediaArchive, limits: MediaLimits, *, rest: float = REST_SECONDS
    ) -> None:
        """`rest` is the pause in seconds after the archive failed or the bytes of the day are used up."""
        self._rest = rest
        self._pool = pool
        self._source = source
        self._archive = archive
        self._limits = limits
        self._alarmed: str | None = "an earlier process may have raised it"
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
                if self._alarmed:
                    await self._archive.probe()
                await self._work()
            except ArchiveFailed as error:
                self._rests_until = time.monotonic() + self._rest
                await self._alarm(f"the media archive fails ({error}): files wait. Correct MEDIA_ARCHIVE")

    async def expire(self) -> None:
        """Expire files that are older than MEDIA_DAYS."""
        if self._limits.days:
            await files.expire(self._pool, datetime.now(UTC) - timedelta(days=self._limits.days))

    async def _work(self) -> None:
        while due := await files.claim_removals(self._pool, REMOVED_AT_ONCE):
            for removal in due:
                await self._remove(removal)
        while True:
            left = self._limits.day_bytes - await files.bytes_today(self._pool)
            if left <= 0:
                await self._wait_for_tomorrow()
                return
            waiting = await files.claim(self._pool, AT_ONCE)
            if not waiting:
                await self._alarm(None)
                return
            done = await asyncio.gather(*(self._keep(one) for one in waiting), return_exceptions=True)
            if failed := next((one for one in done if isinstance(one, BaseException)), None):
                raise failed

    async def _wait_for_tomorrow(self) -> None:
        count = await files.waiting(self._pool)
        self._rests_until = time.monotonic() + self._rest
        text = f"MEDIA_DAY_BYTES is used up: {count} files wait until midnight UTC. Raise it if this happens often"
        await self._alarm(text if count else None)

    async def _alarm(self, what: str | None) -> None:
        if what != self._alarmed:
            await alarms.stand(self._pool, ALARM, what)
        self._alarmed = what

    async def _remove(self, removal: Removal) -> None:
        await self._archive.delete(removal.key)
        await files.removed(self._pool, removal)

    async def _keep(self, file: WaitingFile) -> None:
        """Download one file and store it. Raises ArchiveFailed: then the attempt does not count."""
        # The temporary file has no name, so nothing of it stays if the process is killed.
        with tempfile.TemporaryFile() as copy:
            try:
                async with asyncio.timeout(DOWNLOAD_SECONDS):
                    found = await self._download(file, copy)
                copy.seek(0)
                await self._archive.put(file.key, copy)
            except ArchiveFailed:
                await files.postpone(self._pool, file, self._rest)
                raise
            except (NotKept, HostNotAllowed, TimeoutError, *FETCH_ERRORS) as error:
                await self._failed(file, error)
                return
        if not await files.kept(self._pool, file, found.sha256, found.size, found.content_type):
            await self._archive.delete(file.key)

    async def _failed(self, file: WaitingFile, error: Exception) -> None:
        is_final = isinstance(error, HostNotAllowed) or (isinstance(error, NotKept) and not error.again)
        # Other error texts contain the URL, which is a secret.
        why = str(error) if isinstance(error, (NotKept, HostNotAllowed)) else type(error).__name__
        again = None if is_final else pause(PAUSES, file.attempts, random.random())
        log.info("a file was not kept", error=why, attempts=file.attempts, again=again)
        await files.failed(self._pool, file, why, again)

    async def _download(self, file: WaitingFile, to: IO[bytes]) -> Download:
        """Download the file into `to`. Raises NotKept, HostNotAllowed, FETCH_ERRORS."""
        answer = await self._source.open(file.url, {"Accept-Encoding": "identity"})
        async with aclosing(answer):
            if answer.status_code != 200:
                raise NotKept(f"answered {answer.status_code}")
            if int(answer.headers.get("content-length", 0)) > self._limits.file_bytes:
                raise NotKept(f"larger than MEDIA_FILE_BYTES ({self._limits.file_bytes})", again=False)
            hashed, size = hashlib.sha256(), 0
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                if size > self._limits.file_bytes:
                    raise NotKept(f"larger than MEDIA_FILE_BYTES ({self._limits.file_bytes})", again=False)
                hashed.update(chunk)
                to.write(chunk)
            kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        declared = digest(file.sha256)
        if declared is not None and declared != hashed.digest():
            raise NotKept("its SHA-256 differs from the one in its message")
        return Download(hashed.digest(), size, kind or "application/octet-stream")
