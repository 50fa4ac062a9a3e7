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
"""With the time to download a file, less than the lease of its claim."""


class NoArchive(Exception):
    """The text says which archive can't be used and why."""


class ArchiveFailed(Exception):
    """The folder or the bucket failed. The text says how, without credentials."""


class ArchivedFile(NamedTuple):
    """Bytes from `start` up to and without `end` of a file of `size` bytes."""

    size: int
    start: int
    end: int
    chunks: AsyncIterator[bytes]


def archive_at(address: str | None) -> "MediaArchive | None":
    """Open the archive that MEDIA_ARCHIVE names, if it names one. Raises NoArchive."""
    if address is None:
        return None
    try:
        return MediaArchive(_store(address))
    except (BaseError, ValueError, OSError) as error:
        raise NoArchive(f"MEDIA_ARCHIVE={address} can't be used: {_brief(error)}") from None


class MediaArchive:
    """Methods raise ArchiveFailed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: UUID, file: IO[bytes]) -> None:
        """Store the file under this key, whether or not there is one."""
        try:
            async with asyncio.timeout(PUT_SECONDS):
                await obstore.put_async(self._store, _path(key), file)
        except (BaseError, ValueError, OSError, TimeoutError) as error:
            raise ArchiveFailed(_brief(error)) from None

    async def get(self, key: UUID, start: int = 0, end: int | None = None) -> ArchivedFile | None:
        """Open a file, or a part of it. None if there is no such file, or `start` is beyond its end."""
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
        """Delete the file, if there is one."""
        try:
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


def _store(address: str) -> ObjectStore:
    """S3 takes credentials, region and endpoint from AWS_* variables. An endpoint of one's own may be http://."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        folder = Path(parts.path)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(folder)
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
