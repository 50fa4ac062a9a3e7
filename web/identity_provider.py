"""An OpenID Connect provider: the authorization code flow with PKCE, and identity tokens whose signature is checked."""

import time
from collections.abc import Mapping
from typing import Any

import httpx2
import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from store.access.single_sign_on import Departure, Identity

log = structlog.get_logger(__name__)

SCOPE = "openid email"
# An identity token is signed by the provider's private key: never by a secret that we share, and never not at all.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
TIMEOUT_SECONDS = 10.0
METADATA_SECONDS = 600.0


class ProviderFailed(Exception):
    """The provider does not answer, or not as OpenID Connect says."""


class IdentityProvider:
    """`name` is what the button says."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, name: str) -> None:
        self.name = name
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._metadata: tuple[float, Mapping[str, Any]] | None = None

    async def look(self) -> None:
        """Whether the provider is there. Raises ProviderFailed."""
        async with self._client("") as client:
            try:
                await self._described(client)
            except (httpx2.HTTPError, OAuthError, KeyError, ValueError) as error:
                raise self._failed(error) from None

    async def address(self, departure: Departure, back: str) -> str:
        """Where the browser goes; it comes back to `back`. Raises ProviderFailed."""
        async with self._client(back) as client:
            try:
                metadata = await self._described(client)
                url, _ = client.create_authorization_url(
                    metadata["authorization_endpoint"], state=departure.state, nonce=departure.nonce,
                    code_verifier=departure.verifier,
                )  # fmt: skip
            except (httpx2.HTTPError, OAuthError, KeyError, ValueError) as error:
                raise self._failed(error) from None
        return str(url)

    async def identity(self, code: str, *, nonce: str, verifier: str, back: str) -> Identity:
        """Whose code that is. Raises ProviderFailed."""
        async with self._client(back) as client:
            try:
                metadata = await self._described(client)
                answer = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier)
                keys = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
                token = jwt.decode(answer["id_token"], KeySet.import_key_set(keys.json()), algorithms=ALGORITHMS)
                self._checks(nonce, str(metadata["issuer"])).validate(token.claims)
                return _identity(token.claims)
            except (httpx2.HTTPError, OAuthError, JoseError, KeyError, ValueError, TypeError) as error:
                raise self._failed(error) from None

    def _client(self, back: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._client_id, self._client_secret, scope=SCOPE, redirect_uri=back, code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip

    async def _described(self, client: AsyncOAuth2Client) -> Mapping[str, Any]:
        """What the provider says of itself, asked for once in ten minutes."""
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

    def _failed(self, error: Exception) -> ProviderFailed:
        # Never what the provider said: an answer may hold a token or an address.
        log.warning("single sign-on failed", issuer=self._issuer, error=type(error).__name__)
        return ProviderFailed(type(error).__name__)


def _identity(claims: Mapping[str, Any]) -> Identity:
    email = claims.get("email") if claims.get("email_verified") is True else None
    return Identity(f"{claims['iss']} {claims['sub']}", str(email).strip().lower() if email else None)
