"""The front door bounds what a connection may cost, and whoever is slow makes room for others."""

import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.helpers import SECRET, peak_bytes, post, receiver, until
from tests.webhooks.test_receive import BODY, queued, signed
from tests.workers.processes import ROOT
from tools.devstack.processes import preexec
from webhooks.protocol import Limits

IMPATIENT = Limits(header_bytes=4096, request_seconds=0.5, connections=20, body_bytes=4 * 1024 * 1024)
HEAD = b"POST /webhooks/kapso HTTP/1.1\r\nHost: x\r\n"


class Line:
    """A raw connection to the receiver."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator["Line"]:
        host, port = url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    def end(self) -> None:
        """No more is sent."""
        self._writer.write_eof()

    async def answer(self) -> int | None:
        """The status code; None if the connection is closed without one."""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                line = await self._reader.readline()
                return int(line.split()[1]) if line else None
        return None

    async def body(self) -> bytes:
        """What follows the status line: headers are read over."""
        headers = await self._reader.readuntil(b"\r\n\r\n")
        return await self._reader.readexactly(int(re.findall(rb"content-length: (\d+)", headers)[0]))


async def test_headers_over_the_limit_are_431_however_they_are_cut(redis: Redis, redis_url: str) -> None:
    answers = Counter[int]()
    async with receiver(redis_url, limits=IMPATIENT, answers=answers) as url:
        for parts in (
            [HEAD + b"X: " + b"a" * 2_000_000],
            [HEAD + b"X: ", *[b"a" * 1000] * 10],
            [b"GET /" + b"a" * 9000],
        ):
            async with Line.to(url) as line:
                for part in parts:
                    await line.send(part)
                assert await line.answer() == 431
        assert (await post(url, BODY, signed(BODY) | {"X-More": "a" * 3000}))[0] == 200
    assert answers[431] == 3
    assert await queued(redis) == 1


@pytest.mark.parametrize("beginning", [b"", b"POST /web", HEAD, HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 50])
async def test_request_that_stops_halfway_is_ended(beginning: bytes, redis: Redis, redis_url: str) -> None:
    began = time.monotonic()
    async with receiver(redis_url, limits=IMPATIENT) as url, Line.to(url) as line:
        await line.send(beginning)
        # Nothing was asked, so nothing is answered; a body without a signature is refused before it is there.
        assert await line.answer() == (None if not beginning else 401 if b"Length" in beginning else 408)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("drops", [b"a", b"X-A: b\r\n"])
async def test_request_that_trickles_in_is_408_although_it_never_rests(
    drops: bytes, redis: Redis, redis_url: str
) -> None:
    answers = Counter[int]()
    async with receiver(redis_url, limits=IMPATIENT, answers=answers) as url, Line.to(url) as line:
        signature = b"X-Webhook-Signature: 00\r\n"
        await line.send(HEAD + signature + (b"Content-Length: 100000\r\n\r\n" if drops == b"a" else b""))

        async def trickle() -> None:
            while True:
                await line.send(drops)
                await asyncio.sleep(0.01)

        trickling = asyncio.create_task(trickle())
        assert await line.answer() == 408
        trickling.cancel()
    assert answers[408] == 1


async def test_webhooks_are_taken_while_others_hold_every_connection(redis: Redis, redis_url: str) -> None:
    patient = Limits(header_bytes=4096, request_seconds=60, connections=20, body_bytes=4 * 1024 * 1024)
    with capture_logs() as logged:
        async with receiver(redis_url, limits=patient) as url, contextlib.AsyncExitStack() as held:
            for place in range(1, 101):
                line = await held.enter_async_context(Line.to(url))
                await line.send(HEAD)
                if place % 10 == 0:
                    assert (await post(url, BODY, signed(BODY)))[0] == 200
    assert await queued(redis) == 10
    assert [one["event"] for one in logged if "connections" in one] == [
        "all connections are in use, closing the slowest"
    ]


async def test_connection_is_kept_between_requests_for_longer_than_a_request_may_take(
    redis: Redis, redis_url: str
) -> None:
    async with receiver(redis_url, limits=IMPATIENT) as url, Line.to(url) as line:
        for _ in range(2):
            await line.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await line.answer(), await line.body()) == (200, b"alive")
            await asyncio.sleep(IMPATIENT.request_seconds * 1.5)


async def test_more_requests_than_fit_on_one_connection_at_once_are_refused(redis: Redis, redis_url: str) -> None:
    answers = Counter[int]()
    async with receiver(redis_url, answers=answers) as url:
        async with Line.to(url) as line:
            await line.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            assert await line.answer() in (200, 400)
        assert answers[400] == 1
        assert (await post(url, BODY, signed(BODY)))[0] == 200


async def test_trailing_slash_and_prefix_of_the_signature_are_accepted(redis: Redis, redis_url: str) -> None:
    headers = signed(BODY)
    prefixed = headers | {"X-Webhook-Signature": "sha256=" + headers["X-Webhook-Signature"]}
    async with receiver(redis_url) as url:
        assert (await post(f"{url}/", BODY, headers))[0] == 200
        assert (await post(url, BODY, prefixed))[0] == 200
        assert (await post(url, BODY, headers | {"X-Webhook-Signature": "sha512=" + headers["X-Webhook-Signature"]}))[
            0
        ] == 401
    assert await queued(redis) == 2


# In a process of its own, so that what it costs is not taken for the time of the answers.
ATTACK = """
import asyncio, contextlib, sys
HEAD = b"POST /webhooks/kapso HTTP/1.1\\r\\nHost: x\\r\\n"
async def attack(port, place):
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if place % 2:
                writer.write(HEAD + b"X: ")
                for _ in range(120):
                    writer.write(b"a" * 1_000_000)
                    await writer.drain()
            else:
                size = 4 * 1024 * 1024 - 20_000
                length = b"Content-Length: %d" % (size + 20_000)
                writer.write(HEAD + b"X-Webhook-Signature: 00\\r\\n" + length + b"\\r\\n\\r\\n" + b"a" * size)
                while True:
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.001)
async def main():
    await asyncio.gather(*(attack(int(sys.argv[1]), place) for place in range(20)))
asyncio.run(main())
"""


async def test_health_is_answered_while_many_send_long_headers_and_trickle_bodies(
    redis: Redis, redis_url: str, database_url: str, unused_port: int
) -> None:
    """The figures of docs/operations/reliability.md: /healthz p99 at most 100 ms, memory at most 250 MB."""
    environment = os.environ | {
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "KAPSO_WEBHOOK_SECRETS": SECRET, "PORT": str(unused_port),
        "HOST": "127.0.0.1",
    }  # fmt: skip
    url = f"http://127.0.0.1:{unused_port}/healthz"

    async def is_up() -> bool:
        with contextlib.suppress(OSError):
            return (await post(url, b"", {}, method="GET"))[0] == 200
        return False

    async with (
        started("-m", "webhooks", env=environment) as web,
        started("-c", ATTACK, str(unused_port), env=os.environ) as attackers,
    ):
        await until(is_up)
        took = []
        for _ in range(300):
            began = time.monotonic()
            assert await is_up()
            took.append(time.monotonic() - began)
        assert attackers.returncode is None
        peak = peak_bytes(web.pid)
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"\n/healthz p50 {statistics.median(took) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms; peak {peak / 1e6:.0f} MB")
    assert p99 <= 0.1
    assert peak <= 250e6


@asynccontextmanager
async def started(*arguments: str, env: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=dict(env), cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=preexec()
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_headers_are_bounded_as_the_setting_says(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url, limits=IMPATIENT) as url:
        for size, code in ((3500, 401), (4300, 431), (7900, 431)):
            async with Line.to(url) as line:
                await line.send(HEAD + b"Content-Length: 2\r\nX-Pad: " + b"x" * size + b"\r\n\r\n{}")
                assert await line.answer() == code


async def test_a_client_that_ends_its_side_gets_its_answer(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url, Line.to(url) as line:
        headers = "".join(f"{name}: {value}\r\n" for name, value in signed(BODY).items())
        await line.send(HEAD + f"Content-Length: {len(BODY)}\r\n{headers}\r\n".encode() + BODY)
        line.end()
        assert await line.answer() == 200
    assert await queued(redis) == 1


async def test_too_many_requests_at_once_are_refused_without_a_traceback(redis: Redis, redis_url: str) -> None:
    with capture_logs() as logged:
        async with receiver(redis_url) as url:
            for _ in range(5):
                async with Line.to(url) as line:
                    await line.send((HEAD + b"Content-Length: 2\r\n\r\n{}") * 51)
                    assert await line.answer() in (400, 401)
                    await line.body()
    assert [one for one in logged if one["log_level"] == "error"] == []


async def test_bodies_that_are_being_sent_are_bounded_together_and_the_slowest_gives_way(
    redis: Redis, redis_url: str
) -> None:
    limits = replace(IMPATIENT, request_seconds=5, bodies_bytes=300_000)
    async with (
        receiver(redis_url, limits=limits, body_limit_bytes=200_000) as url,
        contextlib.AsyncExitStack() as lines,
    ):
        slow = [await lines.enter_async_context(Line.to(url)) for _ in range(6)]
        for line in slow:
            await line.send(HEAD + b"X-Webhook-Signature: 00\r\nContent-Length: 150000\r\n\r\n" + b"x" * 100_000)
        assert [await line.answer() for line in slow[:3]] == [408, 408, 408]
        assert (await post(url, BODY, signed(BODY)))[0] == 200
