"""Sign-ins by an identity provider (OpenID Connect): what must come back with the browser, and whose identity it is."""

import hmac
import secrets
from typing import NamedTuple
from uuid import UUID

from store.access import accounts
from store.access.accounts import SignInRefused, digest
from store.postgres import Pool, statement


class Departure(NamedTuple):
    """What goes along when a browser is sent to the provider: `token` into a cookie, the others to the provider."""

    token: str
    state: str
    nonce: str
    verifier: str


class Awaited(NamedTuple):
    """What must come back."""

    nonce: str
    verifier: str


class Identity(NamedTuple):
    """Who somebody is by the provider's word. `email`: in lower case; None where the provider has not verified it."""

    subject: str
    email: str | None


async def depart(pool: Pool) -> Departure:
    token, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    await pool.execute(statement("insert_sign_in_step"), digest(token), None, nonce, verifier)
    return Departure(token, digest(token).hex(), nonce, verifier)


async def arrive(pool: Pool, token: str, state: str) -> Awaited:
    """Once for each departure, within fifteen minutes. Raises SignInRefused where the browser was not sent by us."""
    if not hmac.compare_digest(digest(token).hex().encode(), state.encode()):
        raise SignInRefused
    row = await pool.fetchrow(statement("end_departure"), digest(token))
    if row is None:
        raise SignInRefused
    return Awaited(*row)


async def begin_session(pool: Pool, who: Identity, *, address: str, browser: str) -> str:
    """The token of the session of the user who is linked to the identity; else of the one who has its e-mail, and who
    is linked from now on. Raises SignInRefused: there is no such user, or the user is disabled.
    """
    row = await pool.fetchrow(statement("user_of_identity"), who.subject, who.email)
    if row is None:
        raise SignInRefused
    user: UUID = row["id"]
    if row["is_new"]:
        await accounts.record(pool, f"user:{row['name']}", "single sign-on linked", row["name"])
    return await accounts.begin_session(pool, user, address=address, browser=browser)
