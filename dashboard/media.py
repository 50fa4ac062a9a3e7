"""Pictures, voices and files of messages, passed on without ever showing where Kapso keeps them."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urljoin, urlsplit

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from store import leads
from store.accounts import User
from store.postgres import Pool

log = structlog.get_logger(__name__)

MOST_HOPS = 4
TIMEOUT = httpx.Timeout(10.0)
# What a browser may show in place; the rest is saved, never run.
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/")
PASSED_ON = ("content-length", "content-range", "accept-ranges", "last-modified", "etag")
GONE = "The file is not to be had any more, or not now."


class NotAllowed(Exception):
    """The address is none that files of messages come from."""


class Media:
    """`hosts` are where files may begin (`kapso.ai` covers its subdomains); a redirect may lead to any public host."""

    def __init__(self, pool: Pool, hosts: Sequence[str]) -> None:
        self._pool = pool
        self._hosts = [host.lower() for host in hosts]
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def show(self, request: Request, _: User) -> Response:
        message = await leads.message(self._pool, request.path_params["id"])
        if message is None or not message["media_url"]:
            return PlainTextResponse(GONE, 404)
        wanted = request.headers.get("range")
        try:
            found = await self._fetch(message["media_url"], {"Range": wanted} if wanted else {})
        except (httpx.HTTPError, httpx.InvalidURL, NotAllowed, OSError, ValueError) as error:
            log.warning("a file could not be fetched", error=type(error).__name__)  # addresses are secrets
            return PlainTextResponse(GONE, 502)
        if found.status_code not in (200, 206):
            await found.aclose()
            return PlainTextResponse(GONE, 404)
        return StreamingResponse(_body(found), found.status_code, headers=_headers(found))

    async def _fetch(self, url: str, headers: dict[str, str]) -> httpx.Response:
        self._check_first(url)
        for hop in range(MOST_HOPS):
            if hop:
                await _check_public(url)
            answer = await self._client.send(self._client.build_request("GET", url, headers=headers), stream=True)
            if not answer.has_redirect_location:
                return answer
            await answer.aclose()
            url = urljoin(url, answer.headers["location"])
        raise NotAllowed("redirected too often")

    def _check_first(self, url: str) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if f"{host}:{parts.port}" in self._hosts and parts.scheme in ("http", "https"):  # named outright, with its port
            return
        if parts.scheme != "https" or not any(host == one or host.endswith(f".{one}") for one in self._hosts):
            raise NotAllowed("not one of MEDIA_HOSTS")


async def _check_public(url: str) -> None:
    """A redirect must not lead into our own network."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NotAllowed("only https")
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    if not all(ipaddress.ip_address(address[4][0]).is_global for address in found):
        raise NotAllowed("not a public address")


async def _body(found: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in found.aiter_raw():
            yield chunk
    finally:
        await found.aclose()


def _headers(found: httpx.Response) -> dict[str, str]:
    kind = found.headers.get("content-type", "").split(";")[0].strip().lower()
    shown = kind.startswith(SHOWN)
    headers = {name: found.headers[name] for name in PASSED_ON if name in found.headers}
    if encoding := found.headers.get("content-encoding"):
        headers["Content-Encoding"] = encoding
    return headers | {
        "Content-Type": kind if shown else "application/octet-stream",
        "Content-Disposition": "inline" if shown else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, max-age=3600",
    }
