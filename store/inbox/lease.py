"""Leases in Redis: one holder at a time. If the holder dies, the lease expires and another process can take it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from redis.asyncio import Redis

from store.inbox.inbox import SCRIPTS
from store.tasks import cancel_and_wait, uninterrupted


def drain_lease(shard: int) -> str:
    return f"drain:{{{shard}}}"


class Lease:
    """It lapses by itself when its holder dies, and can be offered before it is given up."""

    def __init__(self, redis: Redis, name: str, *, milliseconds: int) -> None:
        self._redis = redis
        self._keys = [name, f"{name}:offer"]
        self._holder = uuid4().hex
        self._milliseconds = milliseconds
        self._given_up = False
        self._take = redis.register_script((SCRIPTS / "take_lease.lua").read_text())
        self._renew = redis.register_script((SCRIPTS / "renew_lease.lua").read_text())
        self._release = redis.register_script((SCRIPTS / "release_lease.lua").read_text())

    async def take(self) -> bool:
        """Take it if it is free or offered, or renew it; False if somebody else has it."""
        self._given_up = False
        return bool(await self._take(keys=self._keys, args=[self._holder, self._milliseconds]))

    async def renew(self) -> bool:
        """Keep it if it is ours; it is never taken by this, however late the call arrives."""
        return bool(await self._renew(keys=self._keys[:1], args=[self._holder, self._milliseconds]))

    async def offer(self) -> None:
        """Let anybody else take it over; until then it stays ours."""
        await self._redis.set(self._keys[1], self._holder, px=self._milliseconds)

    async def release(self) -> None:
        self._given_up = True
        await self._release(keys=self._keys, args=[self._holder])

    async def keep(self, is_alive: Callable[[], bool] = lambda: True) -> None:
        """Renew it as long as it is ours and its holder `is_alive`; returns if not, or if it was released."""
        while not self._given_up and is_alive() and await uninterrupted(self.renew()):
            await asyncio.sleep(self._milliseconds / 5000)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[bool]:
        """Yield whether it is ours. Then it is renewed while the block runs.

        Renewal stops at the first error of Redis, and the block is not told.
        """
        if not await self.take():
            yield False
            return
        keeper = asyncio.create_task(self.keep())
        try:
            yield True
        finally:
            await cancel_and_wait(keeper)
            await self.release()
