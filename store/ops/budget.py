"""What all processes together may ask of Kapso's API, as one bucket in Redis. Writes `budget:*`."""

import asyncio
import hashlib
import time

from redis.asyncio import Redis

from store.inbox.inbox import SCRIPTS

# Kapso counts by fixed minutes. A bucket and what flows into it in a minute must not exceed the limit together.
BURST = 0.25
# The key in Redis that names the bucket in use.
IN_USE = "budget"
# What must be left in the bucket before somebody of that priority may take from it, as a share of its size.
RESERVES = (0.0, 0.3, 0.6)


class Budget:
    def __init__(self, redis: Redis, key: str, *, per_minute: int) -> None:
        """`key` is the API key; only its hash reaches Redis."""
        self._redis = redis
        self._name = f"budget:{{{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}}}"
        self._spend = redis.register_script((SCRIPTS / "spend.lua").read_text())
        self._capacity = max(2.0, per_minute * BURST)
        self._rate = per_minute * (1 - BURST) / 60

    async def spend(self, priority: int) -> None:
        """Return when one request may go; 0 goes before 1 and 1 before 2. Raises Redis's own error."""
        reserve = RESERVES[priority] * (self._capacity - 1)
        while wait := await self._spend(
            keys=[self._name, IN_USE], args=[self._capacity, self._rate, min(reserve, self._capacity - 1), time.time()]
        ):
            await asyncio.sleep(min(int(wait) / 1000, 5.0))

    async def punish(self, seconds: float) -> None:
        """Kapso said that the limit is spent: nobody asks until then."""
        empty = {"left": "0", "at": str(time.time() + seconds)}
        await self._redis.hset(self._name, mapping=empty)  # type: ignore[misc]


async def left(redis: Redis) -> float | None:
    """How many requests could go at once; None where nobody has asked for an hour."""
    name = await redis.get(IN_USE)
    if name is None:
        return None
    amount, at, capacity, rate = await redis.hmget(name, ["left", "at", "capacity", "rate"])  # type: ignore[misc]
    if amount is None or capacity is None:
        return None
    return min(float(capacity), float(amount) + max(0.0, time.time() - float(at)) * float(rate))
