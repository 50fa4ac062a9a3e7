"""An OpenID Connect provider: the authorization code flow with PKCE, and identity tokens whose signature is checked."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from store.access.single_sign_on import Departure, Identity

log = structlog.get_logger(__name__)

SCOPE = "openid email"
# Only asymmetric algorithms: an identity token must carry a signature by the provider's private key.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
TIMEOUT_SECONDS = 10.0
METADATA_SECONDS = 600.0


# Errors of the requests, and of reading a response that is not valid OpenID Connect.
FAULTS = (
    httpx2.HTTPError, httpx2.InvalidURL, OAuthError, JoseError, TimeoutError, OSError, KeyError, ValueError, TypeError,
    AttributeError, RecursionError,
)  # fmt: skip


class ProviderFailed(Exception):
    """The provider does not answer, or its response is not valid OpenID Connect."""


class IdentityProvider:
    """`name` is the label of the sign-in button."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, name: str) -> None:
        self.name = name
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        # Created once: it blocks the event loop for about 20 ms.
        self._trusted = ssl.create_default_context()
        self._metadata: tuple[float, Mapping[str, Any]] | None = None

    async def look(self) -> None:
        """Check that the provider answers. Raises ProviderFailed."""
        async with self._asked("") as client:
            await self._described(client)

    async def address(self, departure: Departure, back: str) -> str:
        """Return the URL to which the browser is sent. `back` is the URL of its return. Raises ProviderFailed."""
        async with self._asked(back) as client:
            metadata = await self._described(client)
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=departure.state, nonce=departure.nonce,
                code_verifier=departure.verifier,
            )  # fmt: skip
            return str(url)

    async def identity(self, code: str, departure: Departure, back: str) -> Identity:
        """Exchange the code for an identity. Raises ProviderFailed."""
        async with self._asked(back) as client:
            metadata = await self._described(client)
            answer = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=departure.verifier)
            keys = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
            token = jwt.decode(answer["id_token"], KeySet.import_key_set(keys.json()), algorithms=ALGORITHMS)
            self._checks(departure.nonce, str(metadata["issuer"])).validate(token.claims)
            return _identity(token.claims)

    @asynccontextmanager
    async def _asked(self, back: str) -> AsyncIterator[AsyncOAuth2Client]:
        """Open a client for one sign-in. Any error, and a timeout of the whole exchange, raise ProviderFailed."""
        client = AsyncOAuth2Client(
            self._client_id, self._client_secret, scope=SCOPE, redirect_uri=back, code_challenge_method="S256",
            verify=self._trusted,
        )  # fmt: skip
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), client:
                yield client
        except FAULTS as error:
            # Do not log the response: it may contain a token or an address.
            log.warning("single sign-on failed", issuer=self._issuer, error=type(error).__name__)
            raise ProviderFailed(type(error).__name__) from None

    async def _described(self, client: AsyncOAuth2Client) -> Mapping[str, Any]:
        """Return the provider's metadata, cached for ten minutes."""
        if self._metadata is None or time.monotonic() - self._metadata[0] > METADATA_SECONDS:
            found = await client.request("GET", f"{self._issuer}/.well-known/openid-configuration", withhold_token=True)
            described = found.raise_for_status().json()
            if str(described["issuer"]).rstrip("/") != self._issuer:
                raise ValueError("the provider calls itself by another name than OIDC_ISSUER")
            self._metadata = (time.monotonic(), described)
        return self._metadata[1]

    def _checks(self, nonce: str, issuer: str) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )


def _identity(claims: Mapping[str, Any]) -> Identity:
    email = str(claims.get("email") or "").strip()
    subject = f"{claims['iss']} {claims['sub']}"
    if "\0" in subject:
        raise ValueError("an identity that nothing can hold")
    # ASCII only: lowercasing maps some other letters to ASCII.
    is_usable = claims.get("email_verified") is True and email.isascii() and "\0" not in email
    return Identity(subject, (email.lower() or None) if is_usable else None)


def provider_of(
    issuer: str | None, client_id: str | None, client_secret: SecretStr | None, name: str
) -> IdentityProvider | None:
    """Return the provider of these settings, or None if they are not set."""
    if not (issuer and client_id and client_secret):
        return None
    return IdentityProvider(issuer, client_id, client_secret.get_secret_value(), name)
