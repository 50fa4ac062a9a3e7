"""The second factor: codes of an authenticator app, and sign-ins that wait for one."""

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

# Wrong codes of a user within a quarter of an hour, whoever gave them and for what.
MOST_WRONG = 20


class WrongCode(Exception):
    """Not the code of now, or one that was used; to be tried again."""


class CodeAwaited(NamedTuple):
    """A sign-in whose password was right."""

    user_id: UUID
    secret: bytes
    password_hash: str


def new_secret() -> bytes:
    """For an app. It is kept once `confirm` has seen a code of it."""
    return secrets.token_bytes(SECRET_BYTES)


async def waiting(pool: Pool, token: str) -> CodeAwaited | None:
    """What waits for a code under that token, for up to fifteen minutes."""
    row = await pool.fetchrow(statement("sign_in_step"), digest(token))
    return CodeAwaited(*row) if row else None


async def finish(pool: Pool, token: str, code: str, *, address: str, browser: str) -> str:
    """The token of the session. Raises SignInRefused when nothing waits any more, WrongCode, TooOften."""
    step = await waiting(pool, token)
    if step is None:
        raise SignInRefused
    await _must_be_right(pool, step.user_id, step.secret, code)
    await pool.execute(statement("delete_sign_in_step"), digest(token))
    return await accounts.begin_session(
        pool, step.user_id, address=address, browser=browser, checked=step.password_hash
    )


async def confirm(pool: Pool, user: User, secret: bytes, code: str, *, password: str, address: str, token: str) -> None:
    """From now on a code is asked for; the user's other sessions end. Raises SignInRefused, TooOften, WrongCode."""
    await passwords.check(pool, user.name, password, address=address)
    await _must_be_right(pool, user.id, secret, code)
    await pool.execute(statement("keep_code_secret"), user.id, secret, digest(token))
    await record(pool, f"user:{user.name}", "second factor set", user.name)


async def remove_with(pool: Pool, user: User, code: str, *, password: str, address: str) -> None:
    """By the user, who still has the app. Raises SignInRefused, TooOften, WrongCode."""
    await passwords.check(pool, user.name, password, address=address)
    secret = await pool.fetchval(statement("code_secret"), user.id)
    await _must_be_right(pool, user.id, secret or b"", code)
    await remove(pool, user.name, by=f"user:{user.name}")


async def is_set(pool: Pool, user: UUID) -> bool:
    return await pool.fetchval(statement("code_secret"), user) is not None


async def remove(pool: Pool, name: str, *, by: str) -> bool:
    """No code is asked for any more. False where none was."""
    if await pool.fetchval(statement("remove_code_secret"), name) is None:
        return False
    await record(pool, by, "second factor removed", name)
    return True


async def _must_be_right(pool: Pool, user: UUID, secret: bytes, code: str) -> None:
    # Counted first: of many at once, none is free.
    if await pool.fetchval(statement("count_code_try"), user) > MOST_WRONG:
        raise TooOften
    step = step_of(code, secret, datetime.now(UTC))
    if step is None or await pool.fetchval(statement("use_code"), user, step) is None:
        raise WrongCode
