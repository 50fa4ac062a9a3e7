"""Sign-in by an OpenID Connect provider: the values of one round trip, and the user behind an identity."""

import hashlib
import hmac
import secrets
from typing import NamedTuple, Self
from uuid import UUID

from store.access import accounts
from store.access.account_changes import record
from store.access.passwords import SignInRefused
from store.postgres import Pool, statement


class Departure(NamedTuple):
    """One round trip of a browser to the provider. The token stays in the browser's cookie. State, nonce and verifier
    are hashes of the token, so nothing has to be stored here.
    """

    token: str

    @classmethod
    def new(cls) -> Self:
        return cls(secrets.token_urlsafe(48))

    @property
    def state(self) -> str:
        return self._part("state")

    @property
    def nonce(self) -> str:
        return self._part("nonce")

    @property
    def verifier(self) -> str:
        """The code verifier of PKCE (RFC 7636)."""
        return self._part("verifier")

    def is_of(self, state: str) -> bool:
        """Return whether the provider returned the state of this round trip."""
        return bool(self.token) and hmac.compare_digest(self.state.encode(), state.encode())

    def _part(self, name: str) -> str:
        return hashlib.sha256(f"{name} {self.token}".encode()).hexdigest()


class Identity(NamedTuple):
    """An identity as the provider asserts it. `email` is lowercase ASCII, or None if the provider did not verify it."""

    subject: str
    email: str | None


async def begin_session(pool: Pool, who: Identity, *, address: str, browser: str) -> str:
    """Find the user of the identity and return the token of a new session.

    A linked user is found by subject. Otherwise the user with the verified e-mail is linked. Raises SignInRefused if
    there is no such user, or if the user is disabled.
    """
    row = await pool.fetchrow(statement("user_of_identity"), who.subject, who.email)
    if row is None:
        raise SignInRefused
    user: UUID = row["id"]
    if row["is_new"]:
        await record(pool, f"user:{row['name']}", "single sign-on linked", row["name"])
    return await accounts.begin_session(pool, user, address=address, browser=browser)
