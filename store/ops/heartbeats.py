"""Reports of long-running loops: that they make progress, or what they wait for. Kept in Redis.

Not in Postgres: a disk that is full, or a server that is read-only, may be the very thing a loop waits for.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, NamedTuple, cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.tasks import cancel_and_wait

KEY = "heartbeats"
EVERY_SECONDS = 1.0
# Of loops that belong to one process, and end with it.
FORGOTTEN_AFTER_SECONDS = 600.0


class Loop(NamedTuple):
    """A loop as it last reported. Ages are in seconds; `within` is how often it should make progress."""

    name: str
    progress_seconds: float
    seen_seconds: float
    within: float
    waits_for: str | None

    @property
    def is_stuck(self) -> bool:
        return self.progress_seconds > self.within

    @property
    def problem(self) -> str:
        reason = self.waits_for or "no reason is known: is its process running?"
        return f"{self.name} has made no progress for {self.progress_seconds:.0f} s: {reason}"


class Heartbeat:
    """One loop's side. Reports are sent about once a second, beside the loop: it never waits for Redis to take one."""

    def __init__(self, redis: Redis, name: str, *, within: float) -> None:
        """Without progress for longer than `within` seconds the loop is stuck."""
        self._redis = redis
        self._name = name
        self._within = within
        self._progress_at = time.time()
        self._sent_at = 0.0
        self._waits_for: str | None = None
        self._sending: asyncio.Task[None] | None = None

    def beat(self) -> None:
        """The loop made progress."""
        self._progress_at = time.time()
        was_waiting, self._waits_for = self._waits_for, None
        self._send(now=was_waiting is not None)

    def waits(self, what: str) -> None:
        """The loop is alive and made no progress: `what` it waits for, and what to do about it."""
        changed, self._waits_for = what != self._waits_for, what
        self._send(now=changed)

    async def end(self) -> None:
        """The loop ended on purpose: it is not missed."""
        if self._sending:
            await cancel_and_wait(self._sending)
        try:
            await forget(self._redis, self._name)
        except (RedisError, OSError):
            return

    def _send(self, *, now: bool) -> None:
        is_due = now or time.time() - self._sent_at >= EVERY_SECONDS
        if is_due and (self._sending is None or self._sending.done()):
            self._sent_at = time.time()
            self._sending = asyncio.create_task(self._store())

    async def _store(self) -> None:
        report = {"progress_at": self._progress_at, "seen_at": self._sent_at, "within": self._within,
                  "waits_for": self._waits_for}  # fmt: skip
        try:
            await cast("Awaitable[Any]", self._redis.hset(KEY, self._name, orjson.dumps(report).decode()))
        except (RedisError, OSError):
            return


async def forget(redis: Redis, name: str) -> None:
    """Delete the report of a loop that no longer exists. Raises what Redis raises."""
    await cast("Awaitable[Any]", redis.hdel(KEY, name))


async def loops(redis: Redis) -> list[Loop]:
    """All loops that have reported, by name, without those whose process ended long ago. Raises what Redis raises."""
    now, found = time.time(), []
    reports: Any = await cast("Awaitable[Any]", redis.hgetall(KEY))
    for name, report in sorted(reports.items()):
        said = orjson.loads(report)
        loop = Loop(name.decode(), now - said["progress_at"], now - said["seen_at"], said["within"], said["waits_for"])
        if " on " in loop.name and loop.seen_seconds > FORGOTTEN_AFTER_SECONDS:
            continue
        found.append(loop)
    return found
