"""The second factor: TOTP codes of an authenticator app, and the sign-ins that wait for a code."""

import secrets
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain.one_time_codes import SECRET_BYTES, step_of
from store.access import accounts, passwords
from store.access.account_changes import record
from store.access.accounts import User, digest
from store.access.passwords import SignInRefused, TooOften
from store.postgres import Pool, statement

# Codes that may be tried for a user within 15 minutes, from all addresses and for all purposes together.
MOST_TRIES = 20


class WrongCode(Exception):
    """The code is not valid now, or was used before."""


class AlreadySet(Exception):
    """The user has a second factor. It must be removed, with a code, before another one is set."""


class CodeAwaited(NamedTuple):
    """A sign-in whose password was right and that waits for a code."""

    user_id: UUID
    secret: bytes
    password_hash: str


def new_secret() -> bytes:
    """Return a random secret for an authenticator app. `confirm` stores it."""
    return secrets.token_bytes(SECRET_BYTES)


async def waiting(pool: Pool, token: str) -> CodeAwaited | None:
    """Return the sign-in that waits under this token. It waits for 15 minutes at most."""
    row = await pool.fetchrow(statement("sign_in_step"), digest(token))
    return CodeAwaited(*row) if row else None


async def finish(pool: Pool, token: str, code: str, *, address: str, browser: str) -> str:
    """Finish a sign-in and return the token of the session. Raises SignInRefused if none waits, WrongCode, TooOften."""
    awaited = await waiting(pool, token)
    if awaited is None:
        raise SignInRefused
    await _check(pool, awaited.user_id, awaited.secret, code)
    await pool.execute(statement("delete_sign_in_step"), digest(token))
    return await accounts.begin_session(
        pool, awaited.user_id, address=address, browser=browser, checked=awaited.password_hash
    )


async def confirm(pool: Pool, user: User, secret: bytes, code: str, *, password: str, address: str, token: str) -> None:
    """Set the second factor, after a code proves that the app has the secret. Ends the user's other sessions.

    Raises SignInRefused for a wrong password, TooOften, WrongCode, AlreadySet.
    """
    await passwords.check(pool, user.name, password, address=address)
    # Checked first: a right code of the caller's own secret would reset the count of tries.
    if await is_set(pool, user.id):
        raise AlreadySet
    await _check(pool, user.id, secret, code)
    async with accounts.locked_user(pool, user.name) as (connection, id):
        if id is None or await connection.fetchval(statement("set_code_secret"), id, secret) is None:
            raise AlreadySet
        await accounts.end_sign_ins(connection, id, but=token, links=False)
        await record(connection, f"user:{user.name}", "second factor set", user.name)


async def remove_with(pool: Pool, user: User, code: str, *, password: str, address: str) -> None:
    """Remove the user's own second factor. Raises SignInRefused for a wrong password, TooOften, WrongCode."""
    await passwords.check(pool, user.name, password, address=address)
    secret = await pool.fetchval(statement("code_secret"), user.id)
    await _check(pool, user.id, secret or b"", code)
    await remove(pool, user.name, by=f"user:{user.name}")


async def is_set(pool: Pool, user: UUID) -> bool:
    return await pool.fetchval(statement("code_secret"), user) is not None


async def remove(pool: Pool, name: str, *, by: str) -> bool:
    """Remove a user's second factor without a code. Return False if none is set."""
    if await pool.fetchval(statement("remove_code_secret"), name) is None:
        return False
    await record(pool, by, "second factor removed", name)
    return True


async def _check(pool: Pool, user: UUID, secret: bytes, code: str) -> None:
    # Count the try before checking it, so that concurrent tries cannot exceed the limit.
    if await pool.fetchval(statement("count_code_try"), user) > MOST_TRIES:
        raise TooOften
    step = step_of(code, secret, datetime.now(UTC))
    if step is None or await pool.fetchval(statement("use_code"), user, step) is None:
        raise WrongCode
