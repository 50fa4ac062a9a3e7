"""Pictures, voices and files of messages, passed on without ever showing where Kapso keeps them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urljoin, urlsplit

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from domain.outbound import are_public, pinned
from store.access.accounts import User
from store.leads import lead_detail
from store.postgres import Pool

log = structlog.get_logger(__name__)

MOST_HOPS = 4
TIMEOUT = httpx.Timeout(10.0)
# Connections are made for a host and go to an address: another host of that address must not get them.
ONE_EACH = httpx.Limits(max_connections=100, max_keepalive_connections=0)
# What a browser may show in place; the rest is saved, never run.
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/")
PASSED_ON = ("content-length", "content-range", "accept-ranges", "last-modified", "etag")
GONE = "The file is not to be had any more, or not now."


class HostNotAllowed(Exception):
    """The address is none that files of messages come from."""


class MediaProxy:
    """`hosts` are where files may begin (`kapso.ai` covers its subdomains); a redirect may lead to any public host."""

    def __init__(self, pool: Pool, hosts: Sequence[str]) -> None:
        self._pool = pool
        self._hosts = [host.lower() for host in hosts]
        self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=ONE_EACH, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def show(self, request: Request, _: User) -> Response:
        message = await lead_detail.message(self._pool, request.path_params["id"])
        if message is None or not message["media_url"]:
            return PlainTextResponse(GONE, 404)
        wanted = request.headers.get("range")
        try:
            found = await self._fetch(message["media_url"], {"Range": wanted} if wanted else {})
        except (httpx.HTTPError, httpx.InvalidURL, HostNotAllowed, OSError, ValueError) as error:
            log.warning("a file could not be fetched", error=type(error).__name__)  # addresses are secrets
            return PlainTextResponse(GONE, 502)
        if found.status_code not in (200, 206):
            await found.aclose()
            return PlainTextResponse(GONE, 404)
        return StreamingResponse(_body(found), found.status_code, headers=_headers(found))

    async def _fetch(self, url: str, headers: dict[str, str]) -> httpx.Response:
        for hop in range(MOST_HOPS):
            if not hop and self._is_named_outright(url):
                request = self._client.build_request("GET", url, headers=headers)
            else:
                to = pinned(httpx.URL(url), await _public_address(url))
                request = self._client.build_request(
                    "GET", to.url, headers=headers | to.headers, extensions=to.extensions
                )
            answer = await self._client.send(request, stream=True)
            if not answer.has_redirect_location:
                return answer
            await answer.aclose()
            url = urljoin(url, answer.headers["location"])
        raise HostNotAllowed("redirected too often")

    def _is_named_outright(self, url: str) -> bool:
        """Return whether MEDIA_HOSTS lists host and port: then any address is allowed. May raise HostNotAllowed."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if f"{host}:{parts.port}" in self._hosts and parts.scheme in ("http", "https"):
            return True
        if parts.scheme != "https" or not any(host == one or host.endswith(f".{one}") for one in self._hosts):
            raise HostNotAllowed("not one of MEDIA_HOSTS")
        return False


async def _public_address(url: str) -> str:
    """Return an address of the host. Raise HostNotAllowed if the URL is not https or an address is not public."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise HostNotAllowed("only https")
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not are_public(addresses):
        raise HostNotAllowed("not a public address")
    return addresses[0]


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
