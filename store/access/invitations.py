"""Links that let somebody choose a password, once: for new users, and for those who forgot theirs."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from store.access import accounts, passwords
from store.access.account_changes import record
from store.access.accounts import User, digest
from store.access.passwords import NO_PASSWORD
from store.postgres import Connection, Pool, statement

LASTS = timedelta(days=3)


class NoSuchUser(Exception):
    """There is none of that name."""


class Invited(NamedTuple):
    """Whom a link lets in."""

    name: str
    role: str
    email: str | None


async def invite(pool: Pool, name: str, role: str, *, email: str | None, by: str) -> str:
    """Make a user who has no password yet; return the token of the link. Raises what accounts.add_user raises."""
    await accounts.add_user(pool, name, role, None, email=email)
    await record(pool, by, "invited", name, role)
    return await _link(pool, name, by)


async def reset(pool: Pool, name: str, *, by: str) -> str:
    """Nobody comes in as the user but by the new link: password, sessions and the link to single sign-on are gone.

    Returns the token of the new link. Raises NoSuchUser.
    """
    async with accounts.alone(pool, name) as connection:
        token = await _link(connection, name, by)
        await connection.execute(statement("forget_password"), name, NO_PASSWORD)
        await record(connection, by, "password reset", name)
    return token


async def of(pool: Pool, token: str) -> Invited | None:
    """None where the link was used, replaced, or is too old."""
    row = await pool.fetchrow(statement("invitation"), digest(token))
    return Invited(*row) if row else None


async def accept(pool: Pool, token: str, password: str) -> User | None:
    """The link is used up, and that is the password. None where the link opens nothing. Raises BadPassword."""
    whom = await of(pool, token)
    if whom is None:  # before anything is hashed, which is dear
        return None
    secret = await passwords.hashed(password)
    async with accounts.alone(pool, whom.name) as connection:
        row = await connection.fetchrow(statement("accept_invitation"), digest(token), secret)
    if row is None:
        return None
    await record(pool, f"user:{row['name']}", "password chosen", row["name"])
    return User(row["id"], row["name"], row["role"], row["created_at"])


async def _link(pool: Pool | Connection, name: str, by: str) -> str:
    token = secrets.token_urlsafe(32)
    if await pool.fetchval(statement("insert_invitation"), digest(token), name, by, LASTS) is None:
        raise NoSuchUser(f"there is no user {name}")
    return token
