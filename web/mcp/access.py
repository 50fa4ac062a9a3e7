"""Who calls: an agent with an API key, and what it may do."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.lead import Source
from store.access import api_keys
from store.access.api_keys import Key
from store.leads.leads import Actor
from store.postgres import STORE_ERRORS, Pool
from web.forms import host_of

HOLDER = "agents.key"
Who = Callable[[Any], Key]
"""The key behind a request, given the server's request context."""


class Door:
    """Lets in who has a key. Bearer keys only, and no page of another site, so that no browser can be made to call."""

    def __init__(self, pool: Pool, app: ASGIApp) -> None:
        self._pool = pool
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Request(scope).headers
        origin = headers.get("origin")
        if origin and host_of(origin) != headers.get("host"):
            text = "This page belongs to another site. Call from a program, without an Origin header."
            await JSONResponse({"error": text}, 403)(scope, receive, send)
            return
        kind, _, token = headers.get("authorization", "").partition(" ")
        try:
            key = await api_keys.holder(self._pool, token.strip()) if kind.lower() == "bearer" else None
        except STORE_ERRORS:
            text = "The database does not answer now. Ask again."
            await JSONResponse({"error": text}, 503, headers={"Retry-After": "5"})(scope, receive, send)
            return
        if key is None:
            text = "Send Authorization: Bearer with an API key (mirror api-keys add NAME --scope leads:read)."
            refused = JSONResponse({"error": text}, 401, headers={"WWW-Authenticate": "Bearer"})
            await refused(scope, receive, send)
            return
        await self._app({**scope, HOLDER: key}, receive, send)


def by_request(context: Any) -> Key:
    key: Key = context.request.scope[HOLDER]
    return key


def actor(key: Key) -> Actor:
    return Actor(Source.AGENT, f"key:{key.name}")
