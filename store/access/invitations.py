"""Invitations: links with which a user sets a password once. New users and password resets use the same links."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from store.access import accounts, passwords
from store.access.account_changes import record
from store.access.accounts import User, digest
from store.access.passwords import NO_PASSWORD
from store.postgres import Connection, Pool, statement

LIFETIME = timedelta(days=3)


class NoSuchUser(Exception):
    """No user has that name."""


class Invited(NamedTuple):
    """The user for whom an invitation was made."""

    name: str
    role: str
    email: str | None


async def invite(pool: Pool, name: str, role: str, *, email: str | None, by: str) -> str:
    """Add a user without a password, and return the token of an invitation. Raises what accounts.add_user raises."""
    async with pool.acquire() as connection, connection.transaction():
        await accounts.add_user(connection, name, role, None, email=email)
        await record(connection, by, "invited", name, role)
        return await _new_link(connection, name, by)


async def reset(pool: Pool, name: str, *, by: str) -> str:
    """Remove the user's password and single sign-on link, end all sessions, and return the token of a new invitation.

    Raises NoSuchUser.
    """
    async with accounts.locked_user(pool, name) as (connection, id):
        if id is None:
            raise NoSuchUser(f"there is no user {name}")
        await connection.execute(statement("forget_password"), id, NO_PASSWORD)
        await accounts.end_sign_ins(connection, id, links=True)
        await record(connection, by, "password reset", name)
        return await _new_link(connection, name, by)


async def find(pool: Pool, token: str) -> Invited | None:
    """Return the user of a valid invitation. None if it was used, replaced or has expired."""
    row = await pool.fetchrow(statement("invitation"), digest(token))
    return Invited(*row) if row else None


async def accept(pool: Pool, token: str, password: str) -> User | None:
    """Use the invitation up and set the password. Return None if the invitation is not valid. Raises BadPassword."""
    invited = await find(pool, token)
    if invited is None:  # checked before hashing, which takes 0.1 s of a core: the page needs no session
        return None
    secret = await passwords.hashed(password)
    async with accounts.locked_user(pool, invited.name) as (connection, _):
        row = await connection.fetchrow(statement("accept_invitation"), digest(token), secret)
        if row is None:
            return None
        await accounts.end_sign_ins(connection, row["id"], links=True)
        await record(connection, f"user:{row['name']}", "password chosen", row["name"])
    return User(row["id"], row["name"], row["role"], row["created_at"])


async def _new_link(connection: Connection, name: str, by: str) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(statement("insert_invitation"), digest(token), name, by, LIFETIME)
    return token
