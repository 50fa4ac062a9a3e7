"""Users, and where they are signed in."""

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
    secret = await passwords.hashed(password) if password is not None else NO_PASSWORD
    # Of other letters some become ASCII when they are made small; the database refuses them.
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
    """False when there is none of that name. Whatever changes ends all sessions of the user, and what was begun.

    Raises BadPassword, and LastAdmin where the last one would lose the role or the right to sign in.
    """
    secret = await passwords.hashed(password) if password is not None else None
    done = {
        "role": role,
        "password set": "" if password else None,
        "disabled": "" if disabled else None,
        "enabled": "" if disabled is False else None,
    }
    async with alone(pool, name) as connection:
        if disabled or (role and role != ADMIN):
            await connection.execute(statement("lock_admins"))
            if await connection.fetchval(statement("is_last_admin"), name, NO_PASSWORD):
                raise LastAdmin(f"{name} is the last admin: make another one first")
        if await connection.fetchval(statement("change_user"), name, role, secret, disabled) is None:
            return False
        for action, detail in done.items():
            if detail is not None:
                await record(connection, by, action, name, detail or None)
    return True


@asynccontextmanager
async def alone(pool: Pool, name: str) -> AsyncIterator[Connection]:
    """A transaction that holds the user's row from its first statement on: what the next ones see includes every
    session that was begun before.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("lock_user"), name)
        yield connection


async def sign_in(pool: Pool, name: str, password: str, *, address: str, browser: str = "") -> str:
    """The token for the cookie. Raises SignInRefused, TooOften; CodeNeeded."""
    row = await passwords.check(pool, name, password, address=address)
    if row["needs_code"]:
        token = secrets.token_urlsafe(32)
        await pool.execute(statement("insert_sign_in_step"), digest(token), row["id"], row["password_hash"])
        raise CodeNeeded(token)
    return await begin_session(pool, row["id"], address=address, browser=browser, checked=row["password_hash"])


async def change_password(pool: Pool, user: User, old: str, new: str, *, address: str, token: str) -> None:
    """By the user, who stays signed in here and nowhere else. Raises SignInRefused, TooOften, BadPassword."""
    row = await passwords.check(pool, user.name, old, address=address)
    secret = await passwords.hashed(new)
    async with alone(pool, user.name) as connection:
        given = (user.id, secret, row["password_hash"], digest(token))
        if await connection.fetchval(statement("set_password"), *given) is None:
            raise SignInRefused
        await record(connection, f"user:{user.name}", "password chosen", user.name)


async def begin_session(pool: Pool, user: UUID, *, address: str, browser: str, checked: str | None = None) -> str:
    """The token for the cookie of somebody who has shown who they are; `checked` is the hash of the password that was.

    Raises SignInRefused where the user was disabled meanwhile, or has another password now.
    """
    token = secrets.token_urlsafe(32)
    given = (digest(token), user, address, browser[:LONGEST_BROWSER], checked)
    if await pool.fetchval(statement("insert_session"), *given) is None:
        raise SignInRefused
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


def _user(row: asyncpg.Record | None) -> User | None:
    return User(row["id"], row["name"], row["role"], row["created_at"]) if row else None


def digest(token: str) -> bytes:
    """What is stored in place of a token that a browser holds."""
    return hashlib.sha256(token.encode()).digest()
