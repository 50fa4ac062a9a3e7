"""Keys of programs: `mk_<id>_<secret>`, of which only a hash is kept. The only writer of `api_keys`."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from store.access.account_changes import CONSOLE, record
from store.postgres import Pool, note, statement

SCOPES = (
    "leads:read", "leads:write", "customers:read", "customers:write", "handoffs:read", "handoffs:write",
    "messages:read", "suggestions:read", "suggestions:write", "suggestions:decide", "tickets:read", "tickets:write",
    "knowledge:read", "agents:operate",
    "dead-letters:read", "dead-letters:write", "freshness:read", "users:read", "users:write",
)  # fmt: skip
"""What a key may do; `write` does not include `read`. With `users:write` a program can make itself an admin."""
PREFIX = "mk"


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    name: str
    scopes: frozenset[str]


class BadScope(ValueError):
    """Not one of SCOPES."""


async def add(
    pool: Pool, name: str, scopes: list[str], *, expires_at: datetime | None = None, by: str = CONSOLE
) -> str:
    """The whole key, which is never to be had again. Raises BadScope."""
    if strange := [scope for scope in scopes if scope not in SCOPES]:
        raise BadScope(f"there is no scope {strange[0]}; there are: {', '.join(SCOPES)}")
    id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    await pool.execute(statement("insert_api_key"), id, name, _digest(secret), scopes, expires_at)
    await record(pool, by, "key added", name, f"{id} {' '.join(scopes)}")
    return f"{PREFIX}_{id}_{secret}"


async def holder(pool: Pool, text: str) -> Key | None:
    """Whose key that is, if it is one that lives. That it was used is noted about once a minute."""
    prefix, _, rest = text.partition("_")
    id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret:
        return None
    row = await pool.fetchrow(statement("living_api_key"), id)
    if row is None or not hmac.compare_digest(row["secret_hash"], _digest(secret)):
        return None
    if row["unnoted"]:
        await note(pool, "note_api_key", id)
    return Key(id, row["name"], frozenset(row["scopes"]))


async def lives(pool: Pool, id: str) -> bool:
    """Whether the key was neither revoked nor is too old."""
    return await pool.fetchrow(statement("living_api_key"), id) is not None


async def revoke(pool: Pool, id: str, *, by: str = CONSOLE) -> bool:
    """False when there is none of that id that lives."""
    name = await pool.fetchval(statement("revoke_api_key"), id)
    if name is not None:
        await record(pool, by, "key revoked", name, id)
    return name is not None


async def keys(pool: Pool) -> list[asyncpg.Record]:
    """All, by name, without their hashes."""
    return list(await pool.fetch(statement("api_keys")))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
