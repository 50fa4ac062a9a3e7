"""The archive of files: a folder, and a bucket of a real S3 server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from store.media.archive import ArchiveFailed, MediaArchive, NoArchive, archive_at
from tests.helpers import until
from tools.devstack.servers import free_port

CONTENT = os.urandom(300_000)


@contextmanager
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """moto's S3 server with one bucket, in a process of its own. Yields the address of an archive in it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "an-id",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield url
    finally:
        server.kill()
        server.wait()


async def has_a_bucket(url: str) -> bool:
    async with httpx.AsyncClient() as http:
        try:
            return (await http.put(f"{url}/bucket")).is_success
        except httpx.TransportError:
            return False


async def holds_files(archive: MediaArchive) -> None:
    key = uuid4()
    assert await archive.get(key) is None
    await archive.delete(key)
    for content in (b"first", CONTENT):
        await archive.put(key, BytesIO(content))
    for start, end in ((0, None), (0, 10), (299_990, None), (299_990, 300_000), (7, 8)):
        found = await archive.get(key, start, end)
        assert found is not None
        assert (found.size, found.start, found.end) == (300_000, start, end or 300_000)
        assert b"".join([chunk async for chunk in found.chunks]) == CONTENT[start:end]
    await archive.delete(key)
    assert await archive.get(key) is None
    await archive.probe()


async def test_archive_keeps_files_in_a_folder(tmp_path: Path) -> None:
    archive = archive_at(f"file:{tmp_path}/with space/and more")
    await holds_files(archive)
    assert (tmp_path / "with space" / "and more").stat().st_mode & 0o777 == 0o700


async def test_archive_keeps_files_in_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3(monkeypatch) as url:
        await until(lambda: has_a_bucket(url))
        archive = archive_at("s3://bucket/files of the mirror")
        await holds_files(archive)
        other = archive_at("s3://no-such-bucket")
        with pytest.raises(ArchiveFailed):
            await other.probe()


async def test_archive_reports_a_dead_bucket_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    archive = archive_at("s3://bucket/prefix")
    with pytest.raises(ArchiveFailed) as failed:
        await archive.probe()
    said = str(failed.value)
    assert ("127.0.0.1:1" in said, "a-secret" in said, "\n" in said) == (True, False, False)


async def test_archive_at_refuses_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NoArchive, match=r"MEDIA_ARCHIVE=.*cannot be opened"):
        archive_at(f"file:{tmp_path}/file/below")
