"""Leases in Redis: one at a time does a thing, and whoever dies with it is followed within its time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.inbox import SCRIPTS


def drain_lease(shard: int) -> str:
    return f"drain:{{{shard}}}"


class Lease:
    """It lapses by itself when its holder dies, and can be offered before it is given up."""

    def __init__(self, redis: Redis, name: str, *, milliseconds: int) -> None:
        self._redis = redis
        self._keys = [name, f"{name}:offer"]
        self._holder = uuid4().hex
        self._milliseconds = milliseconds
        self._take = redis.register_script((SCRIPTS / "take_lease.lua").read_text())
        self._release = redis.register_script((SCRIPTS / "release_lease.lua").read_text())

    async def take(self) -> bool:
        """Take it if it is free or offered, or renew it; False when somebody else has it."""
        return bool(await self._take(keys=self._keys, args=[self._holder, self._milliseconds]))

    async def offer(self) -> None:
        """Let anybody else take it over; until then it stays ours."""
        await self._redis.set(self._keys[1], self._holder, px=self._milliseconds)

    async def release(self) -> None:
        await self._release(keys=self._keys, args=[self._holder])

    async def keep(self) -> None:
        """Renew it as long as it is ours; returns when somebody else has it."""
        while await self.take():
            await asyncio.sleep(self._milliseconds / 5000)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[bool]:
        """Whether it is ours; then it is kept for as long as the block takes."""
        if not await self.take():
            yield False
            return
        keeper = asyncio.create_task(self.keep())
        try:
            yield True
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, RedisError, OSError):
                await keeper
            await self.release()
