"""Tombstones of erased people: keyed hashes of their names, so that what is said of the time before stays out.

Raises `alarms` named "erasure key of …".
"""

import asyncio
import hmac
import socket
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from domain.erasure import NoKey, names_of
from domain.naming import at_home, names_in
from domain.types import Facts
from store.ops import alarms
from store.postgres import STORE_ERRORS, Connection, Pool, statement

log = structlog.get_logger(__name__)

ALARM = "erasure key of "
EVERY_SECONDS = 60.0
FORGOTTEN_AFTER = timedelta(minutes=10)

# Its hash tells whether the key is the one that people were erased with.
SAME_KEY = "the same key"


class Erased(Exception):
    """The batch names people who were erased: `names` to when. Nothing of it was written."""

    def __init__(self, names: dict[str, datetime]) -> None:
        super().__init__("the batch names erased people")
        self.names = names


class Tombstones:
    def __init__(self, key: bytes | None) -> None:
        """`key` is ERASURE_KEY, or None if it is not set: `check` then raises NoKey as soon as a tombstone exists."""
        self._key = key

    async def check(
        self,
        connection: Connection,
        facts: Facts,
        known: Mapping[str, datetime],
        more: Collection[str] = (),
        unread: Iterable[bytes] = (),
    ) -> None:
        """Raise Erased if the batch names an erased person whose past is not yet removed from it.

        Call it in the batch's transaction, after the who-is-who lock is taken: until the transaction ends, no erasure
        can add tombstones or delete rows. `known` maps each name whose past is already removed to its time of erasure.
        `more` are further names; `unread` are bodies that were not read or that hold ignored events. Raises NoKey if
        ERASURE_KEY is missing or is another key.
        """
        if not await connection.fetchval(statement("any_tombstone")):
            return
        tokens = {self.token(name): name for name in (SAME_KEY, *names_of(facts), *more, *_named_in(unread))}
        rows = await connection.fetch(statement("tombstones_of"), list(tokens))
        if SAME_KEY not in {tokens[row["token"]] for row in rows}:
            raise NoKey("ERASURE_KEY differs from the key with which people were erased")
        rows = [row for row in rows if tokens[row["token"]] != SAME_KEY]
        found = {tokens[row["token"]]: row["erased_at"] for row in rows}
        if any(known.get(name) != at for name, at in found.items()):
            raise Erased(found)

    def token(self, name: str) -> bytes:
        if self._key is None:
            raise NoKey("ERASURE_KEY is not set, but people were erased here")
        return hmac.digest(self._key, name.encode(), "sha256")

    async def lay(self, connection: Connection, names: Collection[str]) -> None:
        """Raises NoKey where people were erased with another key."""
        if await connection.fetchval(statement("any_tombstone")):
            await self.check(connection, Facts(), {})
        tokens = sorted(self.token(name) for name in {SAME_KEY, *names, *at_home(names)})
        await connection.execute(statement("insert_tombstones"), tokens)


NOBODY_ERASED = Tombstones(None)


def _named_in(bodies: Iterable[bytes]) -> set[str]:
    return {name for body in bodies for name in names_in(body)}


async def watch(tombstones: Tombstones, pool: Pool, *, role: str) -> None:
    """Try the key now and every minute, as long as the task lives. The alarm stands while it is missing or wrong."""
    who = f"{role} on {socket.gethostname()}"
    while True:
        try:
            async with asyncio.timeout(EVERY_SECONDS):
                await alarms.set_or_clear(pool, f"{ALARM}{who}", await _complaint(tombstones, pool, who))
                await alarms.forget(pool, ALARM, FORGOTTEN_AFTER)
        except STORE_ERRORS as error:
            log.warning("the erasure key can't be tried", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def _complaint(tombstones: Tombstones, pool: Pool, who: str) -> str | None:
    try:
        async with pool.acquire() as connection:
            await tombstones.check(connection, Facts(), {})
    except NoKey as error:
        return f"The {who} applies nothing: {error}. Set ERASURE_KEY to what it was then, and start it again."
    return None
