"""Fetch files of messages from the hosts of Kapso and Meta, and from no others."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

import httpx

from domain.outbound import are_public, pinned

MOST_REQUESTS = 4
TIMEOUT = httpx.Timeout(10.0)
# Connections are made for a host and go to an address: another host of that address must not get them.
ONE_EACH = httpx.Limits(max_connections=100, max_keepalive_connections=0)
FETCH_ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
"""Errors that `MediaSource.open` raises beside HostNotAllowed. Their texts contain the URL, which is a secret."""


class HostNotAllowed(Exception):
    """Files of messages may not be fetched from this URL."""


class MediaSource:
    """`hosts` are where URLs may begin (`kapso.ai` covers its subdomains); a redirect may lead to any public host."""

    def __init__(self, hosts: Sequence[str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._hosts = [host.lower() for host in hosts]
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, limits=ONE_EACH, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def open(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Request the file and follow redirects. The body of the response is not read yet; close it.

        Raises HostNotAllowed and FETCH_ERRORS.
        """
        given = dict(headers or {})
        for hop in range(MOST_REQUESTS):
            if not hop and self._is_named_outright(url):
                request = self._client.build_request("GET", url, headers=given)
            else:
                to = pinned(httpx.URL(url), await _public_address(url))
                request = self._client.build_request(
                    "GET", to.url, headers=given | to.headers, extensions=to.extensions
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
    """Return an address of the host. Raises HostNotAllowed if the URL is not https or an address is not public."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise HostNotAllowed("only https")
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not are_public(addresses):
        raise HostNotAllowed("not a public address")
    return addresses[0]
