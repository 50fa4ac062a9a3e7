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
                answer = await self._ask()
                if answer.get("error"):
                    log.warning("a pass of reading chats failed", **answer)
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
        except (TimeoutError, OSError, asyncio.CancelledError):
            # An answer that nobody waits for would be taken for the next one's.
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            raise
        if not line:
            self._rests_until = time.monotonic() + self._every
            ended = f"the chat reader ended with exit code {await child.wait()} instead of reading"
            self._heartbeat.waits(f"{ended}: the worker's log says why")
            raise ChildProcessError(ended)
        answer: dict[str, Any] = orjson.loads(line)
        return answer
