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
# Fits no password: who was invited, was reset, or uses single sign-on alone.
NO_PASSWORD = "!"  # noqa: S105
# What `record` may record.
ACTIONS = (
    "invited", "role", "password set", "password reset", "password chosen", "disabled", "enabled", "sessions ended",
    "second factor set", "second factor removed", "single sign-on linked", "key added", "key revoked",
)  # fmt: skip
SHORTEST_PASSWORD = 10
LONGEST_BROWSER = 200
ADMIN = "admin"
ROLES = ("viewer", "sales", "operator", ADMIN)
# Who changes accounts by the mirror command.
CONSOLE = "console"


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


class CodeNeeded(Exception):
    """The password is right, and the user has a second factor: `token` names the sign-in that waits for the code."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class BadPassword(ValueError):
    """Too short to be one."""


class LastAdmin(ValueError):
    """Nobody would be left who may change users."""


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


async def add_user(pool: Pool, name: str, role: str, password: str | None, *, email: str | None = None) -> User:
    """Without a password nobody gets in by one. Raises BadPassword; asyncpg's UniqueViolationError when there is one of
    that name or e-mail, CheckViolationError when they are none.
    """
    secret = await hashed(password) if password is not None else NO_PASSWORD
    return User(*await pool.fetchrow(statement("insert_user"), name, role, secret, email and email.strip().lower()))


async def change_user(
    pool: Pool,
    name: str,
    *,
    role: str | None = None,
    password: str | None = None,
    disabled: bool | None = None,
    by: str = CONSOLE,
) -> bool:
    """False when there is none of that name. Whatever changes ends all sessions of the user.

    Raises BadPassword, and LastAdmin where the last one would lose the role or the right to sign in.
    """
    secret = await hashed(password) if password is not None else None
    async with pool.acquire() as connection, connection.transaction():
        if disabled or (role and role != ADMIN):
            await connection.execute(statement("lock_admins"))
            if await connection.fetchval(statement("is_last_admin"), name):
                raise LastAdmin(f"{name} is the last admin: make another one first")
        changed = await connection.fetchval(statement("change_user"), name, role, secret, disabled) is not None
        if changed:
            done = {"role": role, "password set": password and "", "disabled": "" if disabled else None,
                    "enabled": "" if disabled is False else None}  # fmt: skip
            for action, detail in done.items():
                if detail is not None:
                    await connection.execute(statement("insert_account_change"), by, action, name, detail or None)
    return changed


async def record(pool: Pool, actor: str, action: str, account: str, detail: str | None = None) -> None:
    """Who changed whose account or key, for an admin to read."""
    await pool.execute(statement("insert_account_change"), actor, action, account, detail)


async def recent_changes(pool: Pool, limit: int) -> list[asyncpg.Record]:
    """The newest first."""
    return list(await pool.fetch(statement("recent_account_changes"), limit))


async def sign_in(pool: Pool, name: str, password: str, *, address: str, browser: str = "") -> str:
    """The token for the cookie. Raises SignInRefused, TooOften; CodeNeeded."""
    row = await _with_right_password(pool, name, password, address)
    if row["needs_code"]:
        token = secrets.token_urlsafe(32)
        await pool.execute(statement("insert_sign_in_step"), digest(token), row["id"], None, None)
        raise CodeNeeded(token)
    return await begin_session(pool, row["id"], address=address, browser=browser)


async def change_password(pool: Pool, user: User, old: str, new: str, *, address: str, token: str) -> None:
    """By the user, who stays signed in here and nowhere else. Raises SignInRefused, TooOften, BadPassword."""
    await _with_right_password(pool, user.name, old, address)
    await pool.execute(statement("set_password"), user.id, await hashed(new), digest(token))
    await record(pool, f"user:{user.name}", "password chosen", user.name)


async def _with_right_password(pool: Pool, name: str, password: str, address: str) -> asyncpg.Record:
    # Record this try as a failure first; delete the record unless the password is wrong. A try counts itself and all
    # earlier ones, also those in progress: of many at once, some stay below the limit and the others exceed it.
    this = await pool.fetchval(statement("insert_login_failure"), name[:64], address)
    tries = SignInTries(*await pool.fetchrow(statement("login_tries"), name[:64], address, this))
    if tries.is_too_often:
        await pool.execute(statement("delete_login_failure"), this)
        raise TooOften
    await asyncio.sleep(tries.delay)
    row = await pool.fetchrow(statement("user_to_sign_in"), name)
    secret = row["password_hash"] if row else NOBODY
    right = await asyncio.get_running_loop().run_in_executor(HASHING, _matches, secret, password)
    if row is None or not right:
        raise SignInRefused
    await pool.execute(statement("delete_login_failure"), this)
    return row


async def begin_session(pool: Pool, user: UUID, *, address: str, browser: str) -> str:
    """The token for the cookie of somebody who has shown who they are."""
    token = secrets.token_urlsafe(32)
    await pool.execute(statement("insert_session"), digest(token), user, address, browser[:LONGEST_BROWSER])
    await pool.execute(statement("remember_address"), user, address)
    return token


async def sessions(pool: Pool, name: str, token: str | None = None) -> list[asyncpg.Record]:
    """Those of the user that live, the newest first; `here` is the one of that token."""
    return list(await pool.fetch(statement("sessions_of"), name, digest(token or "")))


async def end_sessions(pool: Pool, name: str, *, by: str, id: int | None = None, but: str | None = None) -> int:
    """End all sessions of the user, or the one of that id; all `but` the one of that token. Returns how many."""
    ended = await pool.fetch(statement("end_sessions"), name, id, digest(but) if but else None)
    if ended:
        await record(pool, by, "sessions ended", name, str(len(ended)))
    return len(ended)


async def signed_in(pool: Pool, token: str) -> User | None:
    """Whose session it is, if it still is one. That it was used is noted about once a minute."""
    row = await pool.fetchrow(statement("session_user"), digest(token))
    if row and row["unnoted"]:
        await note(pool, "note_session", digest(token))
    return _user(row)


async def still_signed_in(pool: Pool, token: str) -> User | None:
    """Like signed_in, without counting as a use."""
    return _user(await pool.fetchrow(statement("session_user"), digest(token)))


async def sign_out(pool: Pool, token: str) -> None:
    await pool.execute(statement("delete_session"), digest(token))


async def users(pool: Pool) -> list[asyncpg.Record]:
    """All of them, by name, with when they were last seen and how they may come in."""
    return list(await pool.fetch(statement("users"), NO_PASSWORD))


async def hashed(password: str) -> str:
    """Raises BadPassword."""
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


def digest(token: str) -> bytes:
    """What is stored in place of a token that a browser holds."""
    return hashlib.sha256(token.encode()).digest()
