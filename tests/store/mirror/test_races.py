"""Two drains: one merges two contacts while the other still writes to the one that goes."""

import asyncio

import asyncpg
import pytest

from store.postgres import Pool
from tests.helpers import HERE, mirrored, settled, until
from tests.workers.drain.test_order import message, wiped

BEFORE = [message("m1", 0, number="621", bsuid=None), message("m2", 1, number=None, bsuid="ID.1")]
WRITES = message("m3", 2, number="621", bsuid=None)
MERGES = message("m4", 3, number="621", bsuid="ID.1")


async def waits(connection: asyncpg.Connection, kind: str) -> bool:
    query = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = $1 AND {HERE}"  # noqa: S608
    return bool(await connection.fetchval(query, kind))


@pytest.mark.parametrize("first", ["the writer", "the merger"])
async def test_a_merge_and_a_write_to_the_contact_that_goes(first: str, pool: Pool, gate: asyncpg.Connection) -> None:
    await settled(pool, [*BEFORE, WRITES, MERGES])
    wanted = await mirrored(pool)
    assert len(wanted["contacts"]) == 1

    await wiped(pool)
    for one in BEFORE:
        await settled(pool, [one])
    assert len((await mirrored(pool))["contacts"]) == 2
    transaction = gate.transaction()
    await transaction.start()
    await gate.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
    one, other = (WRITES, MERGES) if first == "the writer" else (MERGES, WRITES)
    running = asyncio.create_task(settled(pool, [one]))
    await until(lambda: waits(gate, "relation"))
    waiting = asyncio.create_task(settled(pool, [other]))
    await until(lambda: waits(gate, "advisory"))
    await transaction.rollback()
    await asyncio.gather(running, waiting)
    assert await mirrored(pool) == wanted
    aliases = await pool.fetchval("SELECT count(*) FROM contact_aliases AS a JOIN contacts AS c ON c.id = a.contact_id")
    assert aliases == 1
