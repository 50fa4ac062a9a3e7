"""Signing in by an OpenID Connect provider: a real one on this machine, in another thread."""

import re
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store.access import accounts, invitations
from store.postgres import Pool
from tests.desk import PASSWORD, client, user, web
from tests.helpers import served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from oidc_provider_mock import run_server_in_thread

# The provider uses deprecated parts of Authlib.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib", "ignore:get_jwt_config")


@dataclass
class Provider:
    url: str

    def knows(self, subject: str, **claims: object) -> None:
        assert httpx.put(f"{self.url}/users/{subject}", json=claims).is_success


@pytest.fixture
def provider() -> Iterator[Provider]:
    with run_server_in_thread() as server:
        yield Provider(f"http://localhost:{server.server_port}")


@asynccontextmanager
async def browser(provider: Provider, redis_url: str, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = {"oidc_issuer": provider.url, "oidc_client_id": "mirror", "oidc_client_secret": SecretStr("secret"),
                "oidc_name": "the office"}  # fmt: skip
    async with web(redis_url, database_url, **settings) as base, client(base) as http:
        yield http


async def departed(http: httpx.AsyncClient, behind: str = "/") -> str:
    """Return the URL of the provider. Keep the cookie by hand: httpx sends no Secure cookie over http."""
    answer = await http.get("/login/sso", params={"next": behind})
    assert answer.status_code == 303, answer.text
    (step,) = re.findall(r"signing_in=[^;]+", answer.headers["set-cookie"])
    http.headers["Cookie"] = step
    return str(answer.headers["location"])


async def said_yes(address: str, subject: str) -> str:
    """Sign in at the provider, and return the URL to which it redirects."""
    async with httpx.AsyncClient() as there:
        return str((await there.post(address, data={"sub": subject})).headers["location"])


async def test_who_was_invited_by_email_comes_in_and_is_known_from_then_on(
    provider: Provider, pool: Pool, redis_url: str, database_url: str
) -> None:
    await invitations.invite(pool, "budi", "sales", email="Budi@Example.com", by="user:rina")
    provider.knows("1234", email="budi@example.com", email_verified=True)
    async with browser(provider, redis_url, database_url) as http:
        assert "Sign in with the office" in (await http.get("/login")).text
        done = await http.get(await said_yes(await departed(http, "/board"), "1234"))
        assert (done.status_code, done.headers["location"]) == (303, "/board")
        (session,) = re.findall(r"session=([^;]+)", done.headers["set-cookie"])
        found = await accounts.signed_in(pool, session)
        assert found
        assert found.name == "budi"
        # Somebody else has the address now: the account stays with whom it was linked.
        provider.knows("1234", email="other@example.com", email_verified=True)
        provider.knows("5678", email="budi@example.com", email_verified=True)
        assert (await http.get(await said_yes(await departed(http), "1234"))).status_code == 303
        assert (await http.get(await said_yes(await departed(http), "5678"))).status_code == 403
        await user(pool, "rina", "admin")
        await accounts.change_user(pool, "budi", disabled=True)
        assert (await http.get(await said_yes(await departed(http), "1234"))).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "budi@example.com"},
        {"email": "b\u0130di@example.com", "email_verified": True},
        {"email": "budi@example.com", "email_verified": False},
        {},
    ],
)
async def test_an_address_that_nobody_verified_opens_nothing(
    provider: Provider, pool: Pool, redis_url: str, database_url: str, claims: dict[str, object]
) -> None:
    await accounts.add_user(pool, "budi", "sales", PASSWORD, email="budi@example.com")
    provider.knows("1234", **claims)
    async with browser(provider, redis_url, database_url) as http:
        answer = await http.get(await said_yes(await departed(http), "1234"))
        assert answer.status_code == 403
        assert "Ask an admin to invite" in answer.text


async def test_only_the_browser_that_we_sent_comes_back_and_only_once(
    provider: Provider, pool: Pool, redis_url: str, database_url: str
) -> None:
    await accounts.add_user(pool, "budi", "sales", PASSWORD, email="budi@example.com")
    provider.knows("1234", email="budi@example.com", email_verified=True)
    async with browser(provider, redis_url, database_url) as http:
        back = await said_yes(await departed(http), "1234")
        mine = http.headers.pop("Cookie")
        assert (await http.get(back)).status_code == 401
        await departed(http)  # another departure of another browser
        assert (await http.get(back)).status_code == 401
        http.headers["Cookie"] = mine
        assert (await http.get(back)).status_code == 303
        assert (await http.get(back)).status_code == 502  # the provider takes no code twice


async def test_a_provider_that_says_no_or_is_gone_is_told(
    provider: Provider, redis_url: str, database_url: str
) -> None:
    async with browser(provider, redis_url, database_url) as http:
        address = await departed(http)
        (state,) = re.findall(r"[?&]state=([^&]+)", address)
        assert (await http.get("/login/sso/back", params={"error": "access_denied", "state": state})).status_code == 401
        address = await departed(http)
        (state,) = re.findall(r"[?&]state=([^&]+)", address)
        assert (await http.get("/login/sso/back", params={"code": "invented", "state": state})).status_code == 502
    gone = Provider("http://localhost:1")
    async with browser(gone, redis_url, database_url) as http:
        answer = await http.get("/login/sso")
        assert answer.status_code == 502
        assert "does not answer" in answer.text


@pytest.mark.parametrize("answer", [b"[]", b"null", b"{}", b"<html>", b'{"issuer": 1}', b"[" * 100_000, b"\0"])
async def test_a_provider_that_answers_nonsense_fails_that_sign_in_alone(
    answer: bytes, redis_url: str, database_url: str
) -> None:
    async def nonsense(_: Request) -> Response:
        return Response(answer, media_type="application/json")

    async with (
        served(Starlette(routes=[Route("/{any:path}", nonsense)])) as url,
        browser(Provider(url), redis_url, database_url) as http,
    ):
        assert (await http.get("/login/sso")).status_code == 502
        assert (await http.get("/login")).status_code == 200


async def test_a_reset_takes_the_link_to_single_sign_on_away(
    provider: Provider, pool: Pool, redis_url: str, database_url: str
) -> None:
    await accounts.add_user(pool, "budi", "sales", PASSWORD, email="budi@example.com")
    provider.knows("1234", email="budi@example.com", email_verified=True)
    async with browser(provider, redis_url, database_url) as http:
        assert (await http.get(await said_yes(await departed(http), "1234"))).status_code == 303
        await invitations.reset(pool, "budi", by="user:rina")
        assert await pool.fetchval("SELECT subject FROM users WHERE name = 'budi'") is None


async def test_without_a_provider_there_is_no_button(redis_url: str, database_url: str) -> None:
    async with web(redis_url, database_url) as base, client(base) as http:
        assert "/login/sso" not in (await http.get("/login")).text
        assert (await http.get("/login/sso")).headers["location"] == "/login"
