"""The job that has chats read every 30 to 60 seconds, by one worker at a time, in a process of its own."""

import asyncio
import contextlib
import sys
import time
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis

from store.inbox.lease import Lease
from store.leads import reading
from store.ops.heartbeats import Heartbeat
from store.postgres import Pool

log = structlog.get_logger(__name__)

LEASE_MS = 10_000
ANSWER_SECONDS = 900.0
END_SECONDS = 15.0
WITHIN_SECONDS = 300.0


class ChatReaderFailed(Exception):
    """The process that reads chats ended, or did not answer in time."""


class ChatReading:
    """`every` is in seconds. arq's cron can't say every interval: `tick` is called often, and sees what is due."""

    def __init__(self, pool: Pool, redis: Redis, *, every: int) -> None:
        self._pool = pool
        self._redis = redis
        self._every = every
        self._child: asyncio.subprocess.Process | None = None
        self._rests_until = 0.0
        self._heartbeat = Heartbeat(redis, "reading chats", within=WITHIN_SECONDS)

    async def tick(self) -> None:
        if time.monotonic() < self._rests_until or not await self._is_due():
            return
        async with Lease(self._redis, "extraction", milliseconds=LEASE_MS).held() as ours:
            if ours and await self._is_due():
                try:
                    answer = await self._ask()
                except ChatReaderFailed as error:
                    log.error("chats were not read, it is tried again", error=str(error))
                    return
                if answer.get("error"):
                    log.warning("a pass of reading chats failed", **answer)
                    return
                if answer.get("skipped"):
                    self._heartbeat.waits("another process reads chats, or holds the lock of its passes")
                    return
                self._heartbeat.beat()
                log.info("read chats", **answer)

    async def close(self) -> None:
        """Let it end the chats in hand."""
        if self._child is None or self._child.stdin is None:
            return
        self._child.stdin.close()
        try:
            await asyncio.wait_for(self._child.wait(), END_SECONDS)
        except TimeoutError:
            self._child.kill()
            await self._child.wait()

    async def _is_due(self) -> bool:
        seconds = await reading.seconds_since_begin(self._pool)
        return seconds is None or seconds >= self._every

    async def _ask(self) -> dict[str, Any]:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "workers.extraction",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                child.stdin.write(b"read\n")
                await child.stdin.drain()
                line = await child.stdout.readline()
        except asyncio.CancelledError:
            # An answer that nobody waits for would be taken for the next one's.
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            raise
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            raise self._failed(f"the chat reader did not answer within {ANSWER_SECONDS:.0f} s and was ended") from None
        except OSError:  # it does not listen: its end says more
            line = b""
        if not line:
            code = await child.wait()
            raise self._failed(f"the chat reader ended with exit code {code} instead of reading")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    def _failed(self, why: str) -> ChatReaderFailed:
        """Rest for a pass, and say why in the status."""
        self._rests_until = time.monotonic() + self._every
        self._heartbeat.waits(f"{why}: the worker's log says more")
        return ChatReaderFailed(why)
