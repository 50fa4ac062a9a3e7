"""Tasks end within a bound, even where a library swallows a cancellation, as redis-py does on Python 3.11."""

import asyncio
import contextlib
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from store.inbox.inbox import StreamReader, stream_name
from store.inbox.lease import Lease, drain_lease
from store.tasks import cancel_and_wait


async def swallows(cancellations: int) -> None:
    for _ in range(cancellations):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def test_ended_asks_again_when_a_task_swallows_its_cancellation() -> None:
    task = asyncio.create_task(swallows(2))
    await asyncio.sleep(0)
    await cancel_and_wait(task, within=5)
    assert task.cancelled()


async def test_ended_leaves_a_task_behind_that_never_ends_and_logs_it() -> None:
    stubborn, began = asyncio.create_task(swallows(20)), time.monotonic()
    await asyncio.sleep(0)
    with capture_logs() as lines:
        await cancel_and_wait(stubborn, within=1)
    assert time.monotonic() - began < 3
    assert [line["event"] for line in lines] == ["a task does not end"]
    await cancel_and_wait(stubborn, within=30)


async def test_ended_drops_what_a_task_raised() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await cancel_and_wait(task)


async def test_lease_is_free_after_its_keeper_ended_beside_a_read_that_failed(redis: Redis) -> None:
    """An error reply to a drain's first read comes while its keeper is in the middle of a call."""
    await redis.set(stream_name(0), "not a stream")
    for _ in range(40):
        lease, reader = Lease(redis, drain_lease(0), milliseconds=5000), StreamReader(redis, 0)
        assert await lease.take()
        keeper = asyncio.create_task(lease.keep())
        try:
            await reader.head(1)
        except RedisError:
            await cancel_and_wait(keeper, within=3)
        assert keeper.done()
        await lease.release()
    assert await redis.exists(drain_lease(0)) == 0


async def test_keeper_ends_when_it_is_cancelled_once_in_the_middle_of_a_call(redis: Redis) -> None:
    await redis.set(stream_name(0), "not a stream")
    for _ in range(40):
        lease, reader = Lease(redis, drain_lease(0), milliseconds=5000), StreamReader(redis, 0)
        keeper = asyncio.create_task(lease.keep())
        with contextlib.suppress(RedisError):
            await reader.head(1)
        keeper.cancel()
        done, _ = await asyncio.wait({keeper}, timeout=1.5)
        assert done
        await lease.release()


async def test_keeper_ends_when_its_holder_stalls(redis: Redis) -> None:
    lease, alive = Lease(redis, "a lease", milliseconds=100), True
    assert await lease.take()
    keeper = asyncio.create_task(lease.keep(lambda: alive))
    await asyncio.sleep(0)
    alive = False
    async with asyncio.timeout(5):
        await keeper


async def test_keeper_that_outlives_the_release_does_not_take_the_lease_again(redis: Redis) -> None:
    lease = Lease(redis, "a lease", milliseconds=5000)
    assert await lease.take()
    keeper = asyncio.create_task(lease.keep())
    await asyncio.sleep(0)
    await lease.release()
    async with asyncio.timeout(5):
        await keeper
    other = Lease(redis, "a lease", milliseconds=5000)
    assert await other.take()
