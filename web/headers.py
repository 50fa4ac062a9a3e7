"""What every page of the desk says to browsers: nothing but our own files runs, nobody frames us, nothing is kept."""

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NUL = PlainTextResponse("The URL contains a NUL character. Remove it.", 400)


class Headers:
    def __init__(self, app: ASGIApp, *, version: str) -> None:
        self._app = app
        self._version = version

    def _kept(self, path: str, status: int) -> str:
        """Files of this version never change. Those of another, as during a rolling release, are asked for again."""
        if status < 400 and path.startswith(f"/static/{self._version}/"):
            return "public, max-age=31536000, immutable"
        return "no-cache" if path.startswith("/static/") else "no-store"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and not scope["path"].startswith("/api/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Cache-Control", self._kept(scope["path"], message["status"]))
            await send(message)

        app = NUL if ours and ("\0" in scope["path"] or b"%00" in scope["query_string"]) else self._app
        await app(scope, receive, send_with_headers)
