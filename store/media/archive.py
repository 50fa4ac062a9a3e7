"""The archive of files: a folder (`file:/path`) or a bucket (`s3://bucket/prefix`). Keys are random."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import IO, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

CHUNK_BYTES: Final = 256 * 1024
PUT_SECONDS: Final = 300.0
"""PUT_SECONDS + DOWNLOAD_SECONDS must be less than files.LEASE."""


class ArchiveFailed(Exception):
    """The folder or the bucket failed. The text gives the reason, without credentials."""


class NoArchive(ArchiveFailed):
    """The archive that MEDIA_ARCHIVE names cannot be opened."""


class ArchivedFile(NamedTuple):
    """Bytes from `start` up to and without `end` of a file of `size` bytes."""

    size: int
    start: int
    end: int
    chunks: AsyncIterator[bytes]


def archive_at(address: str) -> "MediaArchive":
    """Open the archive that MEDIA_ARCHIVE names. Raises NoArchive."""
    parts = urlsplit(address)
    folder = Path(parts.path) if parts.scheme == "file" else None
    try:
        if folder:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return MediaArchive(LocalStore(folder) if folder else _bucket(address), folder)
    except (BaseError, ValueError, OSError) as error:
        raise NoArchive(f"MEDIA_ARCHIVE={address} cannot be opened: {_brief(error)}") from None


class MediaArchive:
    """Methods raise ArchiveFailed."""

    def __init__(self, store: ObjectStore, folder: Path | None) -> None:
        """`folder` is the root of a store in the file system."""
        self._store = store
        self._folder = folder

    async def put(self, key: UUID, file: IO[bytes]) -> None:
        """Store the file under this key, whether or not there is one."""
        try:
            async with asyncio.timeout(PUT_SECONDS):
                await obstore.put_async(self._store, _path(key), file)
        except (BaseError, ValueError, OSError, TimeoutError) as error:
            raise ArchiveFailed(_brief(error)) from None

    async def get(self, key: UUID, start: int = 0, end: int | None = None) -> ArchivedFile | None:
        """Open a file, or a part of it that begins before its end. None if there is no such file."""
        try:
            if end is not None:
                found = await obstore.get_async(self._store, _path(key), options={"range": (start, end)})
            elif start:
                found = await obstore.get_async(self._store, _path(key), options={"range": {"offset": start}})
            else:
                found = await obstore.get_async(self._store, _path(key))
        except FileNotFoundError:
            return None
        except (BaseError, ValueError, OSError) as error:
            raise ArchiveFailed(_brief(error)) from None
        return ArchivedFile(found.meta["size"], *found.range, _chunks(found))

    async def delete(self, key: UUID) -> None:
        """Delete the file, if there is one, and in a folder what a killed `put` left of it: key#1, key#2 …"""
        try:
            for part in self._folder.glob(f"{_path(key)}#*") if self._folder else ():
                part.unlink(missing_ok=True)
            await obstore.delete_async(self._store, _path(key))
        except FileNotFoundError:
            return
        except (BaseError, ValueError, OSError) as error:
            raise ArchiveFailed(_brief(error)) from None

    async def probe(self) -> None:
        """Write a small file, read it and delete it."""
        key = uuid4()
        await self.put(key, BytesIO(b"probe"))
        if await self.get(key) is None:
            raise ArchiveFailed("a file that was just written is not there")
        await self.delete(key)


def _bucket(address: str) -> ObjectStore:
    """Credentials, region and endpoint come from AWS_* variables. The endpoint may be http://."""
    return S3Store.from_url(
        address,
        client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "120s"},
        retry_config={"max_retries": 2},
    )


def _path(key: UUID) -> str:
    """Two levels: a folder with a million files is slow to list."""
    return f"{key.hex[:2]}/{key.hex}"


async def _chunks(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    try:
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)
    except (BaseError, OSError) as error:
        raise ArchiveFailed(_brief(error)) from None


def _brief(error: Exception) -> str:
    """Return the first line: the others show internals."""
    return str(error).partition("\n")[0][:300] or type(error).__name__
