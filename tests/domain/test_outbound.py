"""Addresses that requests may reach, and the request to a checked address."""

import httpx
import pytest

from domain.outbound import are_public, pinned


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"], True), ([], False),
        (["93.184.215.14", "10.0.0.7"], False), (["127.0.0.1"], False), (["169.254.169.254"], False),
        (["100.64.0.1"], False), (["0.0.0.1"], False), (["::1"], False), (["fd00::1"], False),
        (["::ffff:10.0.0.7"], False), (["224.0.0.1"], False), (["ff02::1"], False),
    ],
)  # fmt: skip
def test_are_public_refuses_any_address_that_is_not_on_the_internet(addresses: list[str], expected: bool) -> None:
    assert are_public(addresses) is expected


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1"])
def test_pinned_connects_to_the_address_and_names_the_host(address: str) -> None:
    to = pinned(httpx.URL("https://bücher.example:8443/hook?a=1"), address)
    assert (to.url.host, to.url.port, to.url.raw_path) == (address, 8443, b"/hook?a=1")
    assert to.headers == {"Host": "xn--bcher-kva.example:8443"}
    assert to.extensions == {"sni_hostname": "bücher.example"}
