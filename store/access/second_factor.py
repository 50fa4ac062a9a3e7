"""The second factor: codes of an authenticator app, and sign-ins that wait for one."""

import secrets
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain.one_time_codes import SECRET_BYTES, step_of
from store.access import accounts
from store.access.accounts import SignInRefused, TooOften, User, digest
from store.postgres import Pool, statement

# Wrong codes of a user within a quarter of an hour, whoever gave them: they knew the password.
MOST_WRONG = 20


class WrongCode(Exception):
    """Not the code of now, or one that was used; to be tried again."""


class CodeAwaited(NamedTuple):
    """A sign-in whose password was right."""

    user_id: UUID
    secret: bytes


async def waiting(pool: Pool, token: str) -> CodeAwaited | None:
    """What waits for a code under that token, for up to fifteen minutes."""
    row = await pool.fetchrow(statement("sign_in_step_of_code"), digest(token))
    return CodeAwaited(*row) if row else None


async def finish(pool: Pool, token: str, code: str, *, address: str, browser: str) -> str:
    """The token of the session. Raises SignInRefused when nothing waits any more, WrongCode, TooOften."""
    step = await waiting(pool, token)
    if step is None:
        raise SignInRefused
    # Counted first: of many at once, none is free.
    if await pool.fetchval(statement("count_code_try"), digest(token), step.user_id) > MOST_WRONG:
        raise TooOften
    if not await _is_right(pool, step.user_id, step.secret, code):
        raise WrongCode
    await pool.execute(statement("delete_sign_in_step"), digest(token))
    return await accounts.begin_session(pool, step.user_id, address=address, browser=browser)


async def propose(pool: Pool, user: UUID) -> bytes:
    """A secret for the user's app. It counts once `confirm` has seen a code of it; a confirmed one stays."""
    found: bytes = await pool.fetchval(statement("propose_code_secret"), user, secrets.token_bytes(SECRET_BYTES))
    return found


async def confirm(pool: Pool, user: User, code: str) -> None:
    """From now on a code is asked for. Raises WrongCode."""
    await _must_be_right(pool, user, code)
    await pool.execute(statement("confirm_code_secret"), user.id)
    await accounts.record(pool, f"user:{user.name}", "second factor set", user.name)


async def remove_with(pool: Pool, user: User, code: str) -> None:
    """By the user, who still has the app. Raises WrongCode."""
    await _must_be_right(pool, user, code)
    await remove(pool, user.name, by=f"user:{user.name}")


async def is_set(pool: Pool, user: UUID) -> bool:
    return bool(await pool.fetchval(statement("has_second_factor"), user))


async def remove(pool: Pool, name: str, *, by: str) -> bool:
    """No code is asked for any more. False where none was."""
    if await pool.fetchval(statement("remove_code_secret"), name) is None:
        return False
    await accounts.record(pool, by, "second factor removed", name)
    return True


async def _must_be_right(pool: Pool, user: User, code: str) -> None:
    secret = await pool.fetchval(statement("code_secret"), user.id)
    if secret is None or not await _is_right(pool, user.id, secret, code):
        raise WrongCode


async def _is_right(pool: Pool, user: UUID, secret: bytes, code: str) -> bool:
    step = step_of(code, secret, datetime.now(UTC))
    return step is not None and await pool.fetchval(statement("use_code"), user, step) is not None
