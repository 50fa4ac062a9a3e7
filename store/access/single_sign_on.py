"""Sign-ins by an identity provider (OpenID Connect): what must come back with the browser, and whose identity it is."""

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
    """What goes along when a browser is sent to the provider. `token` stays in the browser's cookie, and all else comes
    from it: nothing is stored here, however often somebody departs.
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
        """Of PKCE (RFC 7636)."""
        return self._part("verifier")

    def is_of(self, state: str) -> bool:
        """Whether the browser that comes back with that state is the one that was sent."""
        return bool(self.token) and hmac.compare_digest(self.state.encode(), state.encode())

    def _part(self, name: str) -> str:
        return hashlib.sha256(f"{name} {self.token}".encode()).hexdigest()


class Identity(NamedTuple):
    """Who somebody is by the provider's word. `email`: ASCII, in lower case; None where the provider has not verified
    it, or where it is none that a user of ours may have.
    """

    subject: str
    email: str | None


async def begin_session(pool: Pool, who: Identity, *, address: str, browser: str) -> str:
    """The token of the session of the user who is linked to the identity; else of the one who has its e-mail, and who
    is linked from now on. Raises SignInRefused: there is no such user, or the user is disabled.
    """
    row = await pool.fetchrow(statement("user_of_identity"), who.subject, who.email)
    if row is None:
        raise SignInRefused
    user: UUID = row["id"]
    if row["is_new"]:
        await record(pool, f"user:{row['name']}", "single sign-on linked", row["name"])
    return await accounts.begin_session(pool, user, address=address, browser=browser)
