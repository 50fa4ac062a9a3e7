"""Who may sign in, and who has: users, sessions, and how often somebody was wrong. Passwords are argon2id hashes."""

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store.postgres import Pool, note, statement

HASHER = PasswordHasher()
# Each hash takes 64 MB and a core: however many sign in at once, two are hashed at a time.
HASHING = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# The hash of a password that nobody knows: names that are not there take as long as others.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$42/DL6nPyjwrtzIeMWM00A$LbcI5ZAvw4EKDXiYS5fF8uC3OW2o1MZuibdF2u+edE8"
SHORTEST_PASSWORD = 10
ROLES = ("viewer", "sales", "operator", "admin")


# Wrong passwords within a quarter of an hour: from one address for one name, from one address, for one name.
MOST_HERE, MOST_OF_ADDRESS, MOST_OF_NAME = 10, 50, 200
FREE_TRIES, DELAY_SECONDS, LONGEST_DELAY_SECONDS = 5, 0.1, 5.0


class SignInRefused(Exception):
    """The name or the password is wrong, or the user may not sign in any more: not said which."""


class TooOften(Exception):
    """Too many wrong passwords; try again in some minutes."""


class SignInTries(NamedTuple):
    """Wrong passwords of the last quarter of an hour, this try among them."""

    here: int
    """For this name from this address."""
    of_address: int
    of_name: int
    is_known: bool
    """Whether the user has signed in from this address before."""

    @property
    def is_too_often(self) -> bool:
        """Where the user is known, the right password is never refused: others may try wrong ones as they like."""
        too_often = self.here > MOST_HERE or self.of_address > MOST_OF_ADDRESS or self.of_name > MOST_OF_NAME
        return too_often and not self.is_known

    @property
    def delay(self) -> float:
        """Seconds to wait before an answer: it grows with each wrong one."""
        wrong = self.here if self.is_known else self.of_name
        return min(LONGEST_DELAY_SECONDS, round(DELAY_SECONDS * max(0, wrong - FREE_TRIES), 1))


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
    """The token for the cookie. Raises SignInRefused, TooOften."""
    # Record this try as a failure first; delete the record unless the password is wrong. A try counts itself and all
    # earlier ones, also those in progress: of many at once, some stay below the limit and the others exceed it.
    this = await pool.fetchval(statement("insert_login_failure"), name[:64], address)
    tries = SignInTries(*await pool.fetchrow(statement("login_tries"), name[:64], address, this))
    if tries.is_too_often:
        await pool.execute(statement("delete_login_failure"), this)
        raise TooOften
    await asyncio.sleep(tries.delay)
    row = await pool.fetchrow(statement("user_to_sign_in"), name)
    hashed = row["password_hash"] if row else NOBODY
    right = await asyncio.get_running_loop().run_in_executor(HASHING, _matches, hashed, password)
    if row is None or not right:
        raise SignInRefused
    await pool.execute(statement("delete_login_failure"), this)
    token = secrets.token_urlsafe(32)
    await pool.execute(statement("insert_session"), _digest(token), row["id"])
    await pool.execute(statement("remember_address"), row["id"], address)
    return token


async def signed_in(pool: Pool, token: str) -> User | None:
    """Whose session it is, if it still is one. That it was used is noted about once a minute."""
    row = await pool.fetchrow(statement("session_user"), _digest(token))
    if row and row["unnoted"]:
        await note(pool, "note_session", _digest(token))
    return _user(row)


async def still_signed_in(pool: Pool, token: str) -> User | None:
    """Like signed_in, without counting as a use."""
    return _user(await pool.fetchrow(statement("session_user"), _digest(token)))


async def sign_out(pool: Pool, token: str) -> None:
    await pool.execute(statement("delete_session"), _digest(token))


async def users(pool: Pool) -> list[asyncpg.Record]:
    """All of them, by name, with when they were last seen."""
    return list(await pool.fetch(statement("users")))


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise BadPassword(f"the password is too short: use at least {SHORTEST_PASSWORD} characters")
    return await asyncio.get_running_loop().run_in_executor(HASHING, HASHER.hash, password)


def _user(row: asyncpg.Record | None) -> User | None:
    return User(row["id"], row["name"], row["role"], row["created_at"]) if row else None


def _matches(hashed: str, password: str) -> bool:
    try:
        return bool(HASHER.verify(hashed, password))
    except (VerificationError, InvalidHashError):
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
