"""Tombstones of erased people: keyed hashes of their names, so that what is said of the time before stays out."""

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime

from rows.erasure import NoKey, names_of
from rows.types import Facts
from store.postgres import Connection, Pool, statement


class Erased(Exception):
    """The batch names people who were erased: `names` to when. Nothing of it was written."""

    def __init__(self, names: dict[str, datetime]) -> None:
        super().__init__("the batch names erased people")
        self.names = names


class Tombstones:
    def __init__(self, key: bytes | None) -> None:
        """Without a key nobody can have been erased."""
        self._key = key

    async def check(self, connection: Connection, facts: Facts, known: Mapping[str, datetime]) -> None:
        """In the batch's transaction, once it holds who is who: an erasure is then over, or waits.

        Raises Erased, unless the past of all those people is already out (`known`).
        """
        if not await connection.fetchval(statement("any_tombstone")):
            return
        tokens = {self.token(name): name for name in names_of(facts)}
        rows = await connection.fetch(statement("tombstones_of"), list(tokens))
        found = {tokens[row["token"]]: row["erased_at"] for row in rows}
        if any(known.get(name) != at for name, at in found.items()):
            raise Erased(found)

    def token(self, name: str) -> bytes:
        if self._key is None:
            raise NoKey("people were erased here: set ERASURE_KEY, or they come back")
        return hmac.digest(self._key, name.encode(), "sha256")

    async def lay(self, connection: Connection, names: Collection[str]) -> None:
        await connection.execute(statement("insert_tombstones"), sorted(self.token(name) for name in names))


NOBODY_ERASED = Tombstones(None)


async def need_a_key(pool: Pool, key: object) -> bool:
    """Whether people were erased, and there is no key to know them by."""
    return key is None and bool(await pool.fetchval(statement("any_tombstone")))
