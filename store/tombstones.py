"""Tombstones of erased people: keyed hashes of their names, so that what is said of the time before stays out."""

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime

from rows.erasure import NoKey, names_of
from rows.types import Facts
from store.postgres import Connection, statement

# Its hash tells whether the key is the one that people were erased with.
SAME_KEY = "the same key"


class Erased(Exception):
    """The batch names people who were erased: `names` to when. Nothing of it was written."""

    def __init__(self, names: dict[str, datetime]) -> None:
        super().__init__("the batch names erased people")
        self.names = names


class Tombstones:
    def __init__(self, key: bytes | None) -> None:
        """Without a key nobody can have been erased."""
        self._key = key

    async def check(
        self, connection: Connection, facts: Facts, known: Mapping[str, datetime], more: Collection[str] = ()
    ) -> None:
        """In the batch's transaction, once it holds who is who: an erasure is then over, or waits.

        Raises Erased, unless the past of all those people is already out (`known`); NoKey. `more` are names that stand
        in bodies nobody could read.
        """
        if not await connection.fetchval(statement("any_tombstone")):
            return
        tokens = {self.token(name): name for name in (SAME_KEY, *names_of(facts), *more)}
        rows = await connection.fetch(statement("tombstones_of"), list(tokens))
        if SAME_KEY not in {tokens[row["token"]] for row in rows}:
            raise NoKey("ERASURE_KEY is another one than people were erased with")
        rows = [row for row in rows if tokens[row["token"]] != SAME_KEY]
        found = {tokens[row["token"]]: row["erased_at"] for row in rows}
        if any(known.get(name) != at for name, at in found.items()):
            raise Erased(found)

    def token(self, name: str) -> bytes:
        if self._key is None:
            raise NoKey("people were erased here: set ERASURE_KEY, or they come back")
        return hmac.digest(self._key, name.encode(), "sha256")

    async def lay(self, connection: Connection, names: Collection[str]) -> None:
        """Raises NoKey where people were erased with another key."""
        if await connection.fetchval(statement("any_tombstone")):
            await self.check(connection, Facts(), {})
        tokens = sorted(self.token(name) for name in (SAME_KEY, *names))
        await connection.execute(statement("insert_tombstones"), tokens)


NOBODY_ERASED = Tombstones(None)
