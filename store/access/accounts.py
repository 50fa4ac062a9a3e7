"""Users and their sessions."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from store.access import passwords
from store.access.account_changes import CONSOLE, record
from store.access.passwords import NO_PASSWORD, SignInRefused
from store.postgres import Connection, Pool, note, statement

ADMIN = "admin"
ROLES = ("viewer", "sales", "operator", ADMIN)
LONGEST_BROWSER = 200


class CodeNeeded(Exception):
    """The password is right, and the user has a second factor: `token` names the sign-in that waits for the code."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class LastAdmin(ValueError):
    """The change would leave no admin who can sign in."""


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


async def add_user(
    pool: Pool | Connection, name: str, role: str, password: str | None, *, email: str | None = None
) -> User:
    """Insert a user. A user without a password can sign in only by an invitation or by single sign-on.

    Raises BadPassword; asyncpg's UniqueViolationError if the name or e-mail is taken, CheckViolationError if one is
    invalid.
    """
    secret = await passwords.hashed(password) if password is not None else NO_PASSWORD
    # Lowercasing turns some non-ASCII letters into ASCII. Such an address stays as it is, and the database refuses it.
    small = email.strip().lower() if email and email.isascii() else email
    return User(*await pool.fetchrow(statement("insert_user"), name, role, secret, small))


async def change_user(
    pool: Pool,
    name: str,
    *,
    role: str | None = None,
    password: str | None = None,
    disabled: bool | None = None,
    by: str = CONSOLE,
) -> bool:
    """Change what is given, end the user's sessions, and record the change. Return False if there is no such user.

    A new password and disabling also delete the user's invitation. Raises BadPassword; LastAdmin if nobody could
    manage users any more.
    """
    secret = await passwords.hashed(password) if password is not None else None
    done = {
        "role": role,
        "password set": "" if password else None,
        "disabled": "" if disabled else None,
        "enabled": "" if disabled is False else None,
    }
    async with locked_user(pool, name) as (connection, id):
        if id is None:
            return False
        if disabled or (role and role != ADMIN):
            await connection.execute(statement("lock_admins"))
            if await connection.fetchval(statement("is_last_admin"), name, NO_PASSWORD):
                raise LastAdmin(f"{name} is the last admin: make another one first")
        await connection.execute(statement("change_user"), id, role, secret, disabled)
        await end_sign_ins(connection, id, links=bool(disabled or secret))
        for action, detail in done.items():
            if detail is not None:
                await record(connection, by, action, name, detail or None)
    return True


@asynccontextmanager
async def locked_user(pool: Pool, name: str) -> AsyncIterator[tuple[Connection, UUID | None]]:
    """Open a transaction that holds the lock of the user's row; yield it with the user's id, None if there is none."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection, await connection.fetchval(statement("lock_user"), name)


async def end_sign_ins(connection: Connection, id: UUID, *, but: str | None = None, links: bool) -> None:
    """Delete the user's sessions (except that of the token `but`) and half-done sign-ins; with `links` the invitation.

    Call it inside `locked_user`.
    """
    await connection.execute(statement("end_sign_ins"), id, digest(but) if but else None, links)


async def sign_in(pool: Pool, name: str, password: str, *, address: str, browser: str = "") -> str:
    """Return the token of a new session. Raises SignInRefused, TooOften; CodeNeeded if a second factor is set."""
    row = await passwords.check(pool, name, password, address=address)
    if row["needs_code"]:
        token = secrets.token_urlsafe(32)
        await pool.execute(statement("insert_sign_in_step"), digest(token), row["id"], row["password_hash"])
        raise CodeNeeded(token)
    return await begin_session(pool, row["id"], address=address, browser=browser, checked=row["password_hash"])


async def change_password(pool: Pool, user: User, old: str, new: str, *, address: str, token: str) -> None:
    """Change the user's own password. Only the session of `token` goes on.

    Raises SignInRefused, TooOften, BadPassword.
    """
    row = await passwords.check(pool, user.name, old, address=address)
    secret = await passwords.hashed(new)
    async with locked_user(pool, user.name) as (connection, id):
        given = (user.id, secret, row["password_hash"], digest(token))
        if id is None or await connection.fetchval(statement("set_password"), *given) is None:
            raise SignInRefused
        await end_sign_ins(connection, id, but=token, links=True)
        await record(connection, f"user:{user.name}", "password chosen", user.name)


async def begin_session(pool: Pool, user: UUID, *, address: str, browser: str, checked: str | None = None) -> str:
    """Return the token of a new session. `checked` is the password hash that the password was compared with.

    Raises SignInRefused if the user was disabled or got another password meanwhile.
    """
    token = secrets.token_urlsafe(32)
    given = (digest(token), user, address, browser[:LONGEST_BROWSER], checked)
    if await pool.fetchval(statement("insert_session"), *given) is None:
        raise SignInRefused
    await pool.execute(statement("remember_address"), user, address)
    return token


async def sessions(pool: Pool, name: str, token: str | None = None) -> list[asyncpg.Record]:
    """Return the user's valid sessions, newest first; `here` is true for the session of `token`."""
    return list(await pool.fetch(statement("sessions_of"), name, digest(token or "")))


async def end_sessions(pool: Pool, name: str, *, by: str, id: int | None = None, but: str | None = None) -> int:
    """Delete all sessions of the user, the one with `id`, or all except that of the token `but`. Return the count."""
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
    """Return all users by name, with when each was last seen and how each can sign in."""
    return list(await pool.fetch(statement("users"), NO_PASSWORD))


def _user(row: asyncpg.Record | None) -> User | None:
    return User(row["id"], row["name"], row["role"], row["created_at"]) if row else None


def digest(token: str) -> bytes:
    """Return the SHA-256 that is stored in place of a token that a browser holds."""
    return hashlib.sha256(token.encode()).digest()
