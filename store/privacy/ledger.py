"""The ledger of erasures: what a backup must not bring back.

A backup from before an erasure holds the person. The ledger holds keyed hashes of their names with times, and no name;
it is kept beside the backups and applied to a restored database before anything is served.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from store.postgres import Pool, statement
from store.privacy.tombstones import SAME_KEY, Tombstones

BATCH: Final = 1000
Ledger = Mapping[bytes, datetime]
"""Token to when it was erased, in UTC."""


class AnotherKey(Exception):
    """The ledger was written with another ERASURE_KEY."""


async def read(pool: Pool) -> Ledger:
    """Empty where nobody was erased."""
    return {row["token"]: row["erased_at"] for row in await pool.fetch(statement("ledger"))}


async def lay(pool: Pool, ledger: Ledger, tombstones: Tombstones) -> Ledger:
    """Add the ledger to the tombstones of this database, and return both together: of each, the later time counts.

    From now on, the workers apply nothing of the past of these people. Raises AnotherKey, NoKey.
    """
    if ledger and tombstones.token(SAME_KEY) not in ledger:
        raise AnotherKey
    await pool.execute(statement("restore_ledger"), list(ledger), list(ledger.values()))
    return await read(pool)


async def brought_back(pool: Pool, ledger: Ledger, tombstones: Tombstones) -> AsyncIterator[UUID]:
    """Contacts that a backup brought back: they have a name of the ledger, and were first seen before its time.

    People who wrote again after their erasure were first seen after it, and are not among them.
    """
    last: UUID | None = None
    while rows := await pool.fetch(statement("names_of_contacts"), last, BATCH):
        last = rows[-1]["id"]
        for row in rows:
            times = [at for name in row["names"] if (at := ledger.get(tombstones.token(name)))]
            if times and (row["first_seen_at"] is None or row["first_seen_at"] <= max(times)):
                yield row["id"]


async def keep_times(pool: Pool, ledger: Ledger) -> None:
    """Set the times of the tombstones back to those of the ledger: a second erasure must not extend the erased past."""
    await pool.execute(statement("put_ledger_times"), list(ledger), list(ledger.values()))
