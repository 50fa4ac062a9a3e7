"""The drain in real processes: killed in mid-batch, asked to leave, handed over, and with either store gone."""

import asyncio
import json
import signal

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.delivery import Delivery
from store.inbox.inbox import StreamReader, stream_name, waiting
from store.inbox.lease import Lease
from store.postgres import Pool
from tests.databases import execute, name_of
from tests.helpers import HERE, delivery, payload, queue, rows, until
from tests.workers.processes import worker


def message(n: int) -> Delivery:
    body = json.dumps(payload("received_text")["body"]).replace("TEST0001", f"KILL{n:04d}").encode()
    return delivery(body, "whatsapp.message.received")


async def settled_count(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM deliveries"))


async def is_blocked(connection: asyncpg.Connection) -> bool:
    """The drain in mid-batch: it has locked its contacts. Others, who only read, wait there too."""
    query = (
        "SELECT count(*) FROM pg_locks AS waiting JOIN pg_locks AS held USING (pid)"  # noqa: S608
        f" WHERE waiting.{HERE} AND NOT waiting.granted AND waiting.relation = 'messages'::regclass"
        " AND held.granted AND held.relation = 'contacts'::regclass AND held.mode = 'RowShareLock'"
    )
    return bool(await connection.fetchval(query))


async def test_a_worker_killed_in_mid_batch_loses_nothing_and_counts_nothing_twice(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, gate: asyncpg.Connection
) -> None:
    await queue(redis, *(message(n) for n in range(50)))
    for _ in range(3):
        async with gate.transaction():
            await gate.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            async with worker(database_url, redis_url) as one:
                await until(lambda: is_blocked(gate))
                assert await one.end(signal.SIGKILL) == -signal.SIGKILL
        assert await redis.xlen(stream_name(0)) == 50
    async with worker(database_url, redis_url):
        await until(lambda: _is(settled_count(pool), 50))
        await until(lambda: _is(redis.xlen(stream_name(0)), 0))
    assert len(await rows(pool, "messages")) == 50
    assert sum(row["applied"] for row in await rows(pool, "deliveries")) == 50


async def test_killed_between_commit_and_trim_it_is_applied_again_and_counted_once(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    await queue(redis, *(message(n) for n in range(5)))
    entries = await StreamReader(redis, 0).read(b"0", count=10, wait_ms=1)
    async with worker(database_url, redis_url):
        await until(lambda: _is(redis.xlen(stream_name(0)), 0))
        await queue(redis, *(entry.delivery for entry in entries))
        await until(lambda: _is(redis.xlen(stream_name(0)), 0))
    assert await settled_count(pool) == 5


async def test_asked_to_leave_it_finishes_the_batch_in_hand(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, gate: asyncpg.Connection
) -> None:
    await queue(redis, *(message(n) for n in range(20)))
    transaction = gate.transaction()
    await transaction.start()
    await gate.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
    async with worker(database_url, redis_url) as one:
        await until(lambda: is_blocked(gate))
        leaving = asyncio.create_task(one.end(signal.SIGTERM))
        await transaction.rollback()
        assert await leaving == 0
    assert await settled_count(pool) == 20
    assert await redis.xlen(stream_name(0)) == 0
    assert await redis.exists("drain:{0}") == 0


async def test_a_second_worker_takes_over_from_a_killed_one(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with worker(database_url, redis_url) as one:
        await until(lambda: _is(redis.exists("drain:{0}"), 1))
        async with worker(database_url, redis_url):
            await one.end(signal.SIGKILL)
            await queue(redis, message(1))
            await until(lambda: _is(settled_count(pool), 1), seconds=15)


@pytest.mark.parametrize("before", [2, 0], ids=["prepared", "preparing"])
async def test_a_worker_that_hangs_in_mid_transaction_does_not_hold_up_the_next(
    before: int, pool: Pool, redis: Redis, database_url: str, redis_url: str, gate: asyncpg.Connection
) -> None:
    """After two batches every statement is prepared. Before, it hangs between two messages of one statement, where
    Postgres does not call it idle."""
    async with worker(database_url, redis_url) as one:
        for n in range(before):
            await queue(redis, message(n))
            await until(lambda n=n: _is(settled_count(pool), n + 1))  # type: ignore[misc]
        async with gate.transaction():
            await gate.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            await queue(redis, *(message(n) for n in range(before, 5)))
            await until(lambda: is_blocked(gate))
            one.tell(signal.SIGSTOP)
        async with worker(database_url, redis_url):
            await until(lambda: _is(settled_count(pool), 5))


async def test_the_lease_is_handed_over_before_it_is_given_up(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with worker(database_url, redis_url, DRAIN_SHIFT_SECONDS="0.5"):
        holders: set[bytes] = set()
        gaps = 0

        async def three_holders() -> bool:
            nonlocal gaps
            holder = await redis.get("drain:{0}")
            gaps += bool(holders) and holder is None
            holders.update({holder} if holder else set())
            return len(holders) >= 3

        await until(three_holders)
    assert gaps == 0


async def test_postgres_away_for_a_while_loses_nothing_and_makes_no_dead_letter(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, server_url: str
) -> None:
    name = name_of(database_url)
    async with worker(database_url, redis_url):
        await until(lambda: _is(redis.exists("drain:{0}"), 1))
        await execute(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        await execute(server_url, ends)
        await queue(redis, *(message(n) for n in range(10)))
        await until(lambda: _is(redis.xlen(stream_name(0)), 10))
        await execute(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await until(lambda: _is(redis.xlen(stream_name(0)), 0))
    assert await settled_count(pool) == 10
    assert await rows(pool, "dead_letters") == []


async def test_cut_off_from_redis_the_worker_goes_on_by_itself(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with worker(database_url, redis_url):
        await until(lambda: _is(redis.exists("drain:{0}"), 1))
        for kind in ("normal", "normal", "normal"):
            await redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")  # type: ignore[no-untyped-call]
        await queue(redis, message(1))
        await until(lambda: _is(settled_count(pool), 1))


async def test_only_one_holds_a_lease_and_an_offered_one_changes_hands(redis: Redis) -> None:
    one, other = (Lease(redis, "a lease", milliseconds=60_000) for _ in range(2))
    assert (await one.take(), await other.take(), await one.take()) == (True, False, True)
    await one.offer()
    assert (await one.take(), await other.take(), await one.take()) == (True, True, False)
    await one.release()
    assert await other.take()
    await other.release()
    assert await one.take()


async def _is(value: "asyncio.Future[int] | object", wanted: int) -> bool:
    return bool(await value == wanted)  # type: ignore[misc]


async def test_streams_that_a_larger_setting_left_behind_are_drained_too(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    await queue(redis, message(1))
    await redis.rename(stream_name(0), stream_name(3))
    assert (await waiting(redis, 1)).deliveries == 1
    async with worker(database_url, redis_url):
        await until(lambda: _is(settled_count(pool), 1))
