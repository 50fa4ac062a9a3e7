"""Requests to hosts that a message or an admin names: only to public addresses, and to the checked one (pure)."""

import ipaddress
from collections.abc import Collection
from typing import NamedTuple

import httpx


class PinnedRequest(NamedTuple):
    """What to pass to `httpx.AsyncClient.build_request`."""

    url: httpx.URL
    headers: dict[str, str]
    extensions: dict[str, str]


def are_public(addresses: Collection[str]) -> bool:
    """Return whether there is an address and each is reachable from the whole internet."""
    found = [ipaddress.ip_address(one) for one in addresses]
    return bool(found) and all(one.is_global and not one.is_multicast for one in found)


def pinned(url: httpx.URL, address: str) -> PinnedRequest:
    """Connect to `address`, so that a second DNS answer changes nothing; the certificate must be the host's."""
    return PinnedRequest(url.copy_with(host=address), {"Host": url.netloc.decode()}, {"sni_hostname": url.host})
