"""Who is let in and for how long, and what a page is when Postgres can't play its part."""

import asyncio
import html
import socket
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from store.access import accounts, api_keys
from store.access.passwords import SignInRefused, SignInTries, TooOften
from store.media.source import MediaSource
from store.postgres import Pool
from tests.chats import chat, lead
from tests.databases import name_of
from tests.desk import PASSWORD, client, form, signed_in, user, web
from tests.helpers import until
from web.database_error import READ_ONLY


async def fails(pool: Pool, name: str, *, address: str) -> type[Exception]:
    with pytest.raises((SignInRefused, TooOften)) as caught:
        await accounts.sign_in(pool, name, "wrong password", address=address)
    return caught.type


async def test_wrong_passwords_from_elsewhere_do_not_lock_somebody_out(pool: Pool) -> None:
    await user(pool, "rina")
    await accounts.sign_in(pool, "rina", PASSWORD, address="192.0.2.1")
    await pool.execute(
        "INSERT INTO login_failures (name, address) SELECT 'rina', 'botnet ' || n % 40 FROM generate_series(1, 500) AS n"
    )
    assert await fails(pool, "rina", address="198.51.100.9") is TooOften
    async with asyncio.timeout(2):
        assert await accounts.sign_in(pool, "rina", PASSWORD, address="192.0.2.1")


async def test_where_somebody_is_known_the_right_password_is_slow_at_worst(pool: Pool) -> None:
    await user(pool, "rina")
    await accounts.sign_in(pool, "rina", PASSWORD, address="192.0.2.1")
    await pool.execute(
        "INSERT INTO login_failures (name, address) SELECT 'rina', '192.0.2.1' FROM generate_series(1, 30)"
    )
    assert await accounts.sign_in(pool, "rina", PASSWORD, address="192.0.2.1")
    await pool.execute(
        "INSERT INTO login_failures (name, address) SELECT 'budi', '192.0.2.1' FROM generate_series(1, 30)"
    )
    assert await fails(pool, "andi", address="192.0.2.1") is TooOften


@pytest.mark.parametrize(
    ("tries", "too_often", "delay"),
    [
        (SignInTries(1, 1, 1, is_known=False), False, 0),
        (SignInTries(10, 10, 10, is_known=False), False, 0.5),
        (SignInTries(11, 11, 11, is_known=False), True, 0.6),
        (SignInTries(1, 51, 1, is_known=False), True, 0),
        (SignInTries(1, 1, 150, is_known=False), False, 5),
        (SignInTries(1, 1, 201, is_known=False), True, 5),
        (SignInTries(1, 500, 500, is_known=True), False, 0),
        (SignInTries(60, 500, 500, is_known=True), False, 5),
    ],
)
def test_how_often_and_how_fast_somebody_may_try(tries: SignInTries, too_often: bool, delay: float) -> None:
    assert (tries.is_too_often, tries.delay) == (too_often, delay)


async def test_a_stream_ends_within_seconds_after_its_user_is_disabled_or_its_key_revoked(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    key = await api_keys.add(pool, "program", ["leads:read"])
    async with signed_in(pool, redis_url, database_url, "sales") as http:
        heard: list[bytes] = [b"", b""]
        program = {"Authorization": f"Bearer {key}"}
        lines = [
            asyncio.create_task(_listen(http, path, headers, heard, place))
            for place, (path, headers) in enumerate([("/live", {}), ("/api/v1/events", program)])
        ]

        async def both_were_asked_again() -> bool:
            return all(b"event: still" in one for one in heard)

        await until(both_were_asked_again)
        assert not any(line.done() for line in lines)
        await accounts.change_user(pool, "budi", disabled=True)
        await api_keys.revoke(pool, key.split("_")[1])
        async with asyncio.timeout(8):
            await asyncio.gather(*lines)


async def _listen(http: httpx.AsyncClient, path: str, headers: dict[str, str], heard: list[bytes], place: int) -> None:
    """Until the server ends the stream."""
    async with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        async for part in answer.aiter_bytes():
            heard[place] += part


async def test_with_a_read_only_postgres_the_desk_is_read_and_says_why_nothing_can_be_changed(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo kak")
    id = (await lead(pool))["id"]
    name = name_of(database_url)
    async with signed_in(pool, redis_url, database_url, "operator", metrics_token=SecretStr("metrics-token")) as http:
        assert (await http.get("/")).status_code == 200
        await pool.execute("UPDATE sessions SET seen_at = seen_at - interval '1 hour'")
        await pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
        # A connection that died under a page is a page that says so; the next one is there again.
        codes: list[int] = []

        async def is_back() -> bool:
            codes.append((await http.get("/")).status_code)
            return codes[-1] == 200

        await until(is_back)
        assert set(codes) <= {200, 503}
        for path in ("/", "/ops", "/customers"):
            assert (await http.get(path)).status_code == 200, path
        assert "halo kak" in (await http.get("/")).text
        page = await http.get(f"/leads/{id}")
        assert (page.status_code, READ_ONLY in html.unescape(page.text)) == (503, True)
        assert "read-only" in (await http.get("/ops")).text
        answer = await http.post(f"/leads/{id}/notes", content=form(text="catatan"))
        assert (answer.status_code, "read-only" in answer.text) == (503, True)
        metrics = await http.get("/metrics", headers={"Authorization": "Bearer metrics-token"})
        assert metrics.status_code == 200
        assert (await http.get("/api/v1/leads")).status_code == 200


async def test_without_postgres_a_page_says_so_in_the_viewers_language(redis_url: str, unused_port: int) -> None:
    nowhere = f"postgresql://127.0.0.1:{unused_port}/nowhere"
    async with web(redis_url, nowhere) as base, client(base) as http:
        answer = await http.get("/", headers={"Cookie": "session=x; language=id"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert 'role="alert"' in answer.text
        assert (await http.get("/login")).status_code == 200
        answer = await http.post("/login", content=form(name="rina", password=PASSWORD))
        assert answer.status_code == 503


async def test_a_file_is_fetched_from_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that means something public when it is looked at, and ourselves when it is connected to."""
    looked: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        looked.append(host)
        address = "8.8.8.8" if len(looked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, text="file")

    media = MediaSource(("kapso.ai",), httpx.MockTransport(answer))
    await media.open("https://media.kapso.ai/f?id=1", {"Range": "bytes=0-3"})
    (request,) = asked
    assert (request.url.host, request.headers["host"]) == ("8.8.8.8", "media.kapso.ai")
    assert (request.extensions["sni_hostname"], request.url.query) == ("media.kapso.ai", b"id=1")
    await media.close()
