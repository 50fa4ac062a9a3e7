"""Who may sign in, and who has: users, sessions, and how often somebody was wrong. Passwords are argon2id hashes."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store.postgres import Pool, statement

HASHER = PasswordHasher()
# Nobody's password: to be as slow with names that are not there.
NOBODY = HASHER.hash(secrets.token_hex(16))
SHORTEST_PASSWORD = 10
ROLES = ("viewer", "sales", "operator", "admin")


class Refused(Exception):
    """The name or the password is wrong, or the user may not sign in any more: not said which."""


class TooOften(Exception):
    """Too many wrong passwords; try again in some minutes."""


class BadPassword(ValueError):
    """Too short to be one."""


@dataclass(frozen=True, slots=True)
class User:
    id: UUID
    name: str
    role: str
    since: datetime
    """When the user came here."""

    def may(self, role: str) -> bool:
        """Whether the user's role is that one or above."""
        return ROLES.index(self.role) >= ROLES.index(role)


async def add_user(pool: Pool, name: str, role: str, password: str) -> User:
    """Raises BadPassword; asyncpg's UniqueViolationError when there is one of that name."""
    hashed = await _hashed(password)
    return User(*await pool.fetchrow(statement("insert_user"), name, role, hashed))


async def change_user(
    pool: Pool, name: str, *, role: str | None = None, password: str | None = None, disabled: bool | None = None
) -> bool:
    """False when there is none of that name. Whatever changes ends all sessions of the user."""
    hashed = await _hashed(password) if password is not None else None
    return await pool.fetchval(statement("change_user"), name, role, hashed, disabled) is not None


async def sign_in(pool: Pool, name: str, password: str, *, address: str) -> str:
    """The token for the cookie. Raises Refused, TooOften."""
    # Taken for a failure until it is none: many at once must not all find that there were few.
    this = await pool.fetchval(statement("insert_login_failure"), name[:64], address)
    if await pool.fetchval(statement("too_many_failures"), name[:64], address):
        await pool.execute(statement("delete_login_failure"), this)
        raise TooOften
    row = await pool.fetchrow(statement("user_to_sign_in"), name)
    right = await asyncio.to_thread(_matches, row["password_hash"] if row else NOBODY, password)
    if row is None or not right:
        raise Refused
    await pool.execute(statement("delete_login_failure"), this)
    token = secrets.token_urlsafe(32)
    await pool.execute(statement("insert_session"), _digest(token), row["id"])
    return token


async def signed_in(pool: Pool, token: str) -> User | None:
    """Whose session it is, if it still is one."""
    row = await pool.fetchrow(statement("session_user"), _digest(token))
    return User(*row) if row else None


async def sign_out(pool: Pool, token: str) -> None:
    await pool.execute(statement("delete_session"), _digest(token))


async def users(pool: Pool) -> list[asyncpg.Record]:
    """All of them, by name, with when they were last seen."""
    return list(await pool.fetch(statement("users")))


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise BadPassword(f"a password has at least {SHORTEST_PASSWORD} characters")
    return await asyncio.to_thread(HASHER.hash, password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return bool(HASHER.verify(hashed, password))
    except (VerificationError, InvalidHashError):
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
