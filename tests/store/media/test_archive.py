"""The archive of files: a folder, and a bucket of a real S3 server."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from store.media.archive import ArchiveFailed, MediaArchive, NoArchive, archive_at
from tests.helpers import until
from tools.devstack.debian import find_or_install
from tools.devstack.servers import free_port

CONTENT = os.urandom(300_000)


@contextmanager
def s3(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """rclone's S3 server with one bucket. Yields the address of an archive in it."""
    program = find_or_install(("rclone",), ("rclone",))
    assert program, "as root, the tests install rclone"
    (folder / "bucket").mkdir(parents=True)
    port = free_port()
    command = [program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "an-id,a-secret", str(folder)]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield "s3://bucket/files of the mirror"
    finally:
        server.kill()
        server.wait()


async def listens() -> bool:
    parts = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((parts[0], int(parts[1]))) == 0


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


async def test_a_folder_holds_files(tmp_path: Path) -> None:
    archive = archive_at(f"file:{tmp_path}/with space/and more")
    assert archive is not None
    await holds_files(archive)
    assert (tmp_path / "with space" / "and more").stat().st_mode & 0o777 == 0o700


@pytest.mark.long
async def test_a_bucket_holds_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3(tmp_path / "served", monkeypatch) as address:
        await until(listens)
        archive = archive_at(address)
        assert archive is not None
        await holds_files(archive)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        refused = archive_at(address)
        assert refused is not None
        with pytest.raises(ArchiveFailed):
            await refused.probe()


async def test_a_bucket_that_does_not_answer_is_said_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    archive = archive_at("s3://bucket/prefix")
    assert archive is not None
    with pytest.raises(ArchiveFailed) as failed:
        await archive.probe()
    said = str(failed.value)
    assert ("127.0.0.1:1" in said, "a-secret" in said, "\n" in said) == (True, False, False)


async def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NoArchive, match=r"MEDIA_ARCHIVE=.*can't be used"):
        archive_at(f"file:{tmp_path}/file/below")
