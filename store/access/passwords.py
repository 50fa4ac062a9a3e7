"""Passwords: argon2id hashes, and limits for wrong passwords."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store.postgres import Pool, statement

HASHER = PasswordHasher()
# Each hash takes 64 MB and a core: however many sign in at once, two are hashed at a time.
HASHING = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# The hash of a password that nobody knows: names that are not there take as long as others.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$42/DL6nPyjwrtzIeMWM00A$LbcI5ZAvw4EKDXiYS5fF8uC3OW2o1MZuibdF2u+edE8"
# Matches no password: for users who were invited or reset, or who use only single sign-on.
NO_PASSWORD = "!"  # noqa: S105
SHORTEST_PASSWORD = 10
# Wrong passwords within a quarter of an hour: from one address for one name, from one address, for one name.
MOST_HERE, MOST_OF_ADDRESS, MOST_OF_NAME = 10, 50, 200
FREE_TRIES, DELAY_SECONDS, LONGEST_DELAY_SECONDS = 5, 0.1, 5.0


class SignInRefused(Exception):
    """The name or the password is wrong, or the user is disabled. The message does not reveal which."""


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
    """The password is too short."""


async def check(pool: Pool, name: str, password: str, *, address: str) -> asyncpg.Record:
    """Check a password; return the user's `id`, `password_hash` and `needs_code`. Raises SignInRefused, TooOften."""
    # Record this try as a failure first; delete the record unless the password is wrong. A try counts itself and all
    # earlier ones, also those in progress: of many at once, some stay below the limit and the others exceed it.
    this = await pool.fetchval(statement("insert_login_failure"), name[:64], address)
    tries = SignInTries(*await pool.fetchrow(statement("login_tries"), name[:64], address, this))
    if tries.is_too_often:
        await pool.execute(statement("delete_login_failure"), this)
        raise TooOften
    await asyncio.sleep(tries.delay)
    row = await pool.fetchrow(statement("user_to_sign_in"), name)
    secret = row["password_hash"] if row and row["password_hash"] != NO_PASSWORD else NOBODY
    right = await asyncio.get_running_loop().run_in_executor(HASHING, _matches, secret, password)
    if row is None or not right:
        raise SignInRefused
    await pool.execute(statement("delete_login_failure"), this)
    return row


async def hashed(password: str) -> str:
    """Return the hash of a new password. Raises BadPassword."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadPassword(f"the password is too short: use at least {SHORTEST_PASSWORD} characters")
    return await asyncio.get_running_loop().run_in_executor(HASHING, HASHER.hash, password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return bool(HASHER.verify(hashed, password))
    except (VerificationError, InvalidHashError):
        return False
