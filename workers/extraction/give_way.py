"""The mirror comes first: while its inbox is late, reading chats waits."""

import asyncio
import contextlib
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.inbox import inbox

LATE_SECONDS = 0.1
LOOK_SECONDS = 0.1


class GiveWay:
    """Between two chunks of chats. In any minute it waits `most_seconds` at most, so that no load stops reading."""

    def __init__(self, redis: Redis, *, shards: int, most_seconds: float = 15) -> None:
        self._redis = redis
        self._shards = shards
        self._most = most_seconds
        self._minute, self._waited = 0.0, 0.0

    async def __call__(self) -> None:
        if time.monotonic() - self._minute > 60:
            self._minute, self._waited = time.monotonic(), 0.0
        while self._waited < self._most:
            began = time.monotonic()
            if not await self._is_late():
                return
            await asyncio.sleep(LOOK_SECONDS)
            self._waited += time.monotonic() - began

    async def _is_late(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            return (await inbox.waiting(self._redis, self._shards)).oldest_seconds > LATE_SECONDS
        return False
