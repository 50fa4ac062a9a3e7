"""Users as people manage them: invited by a link, given a role, reset, disabled, signed out; with a second factor."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from domain.one_time_codes import STEP_SECONDS, code
from store.access import accounts, api_keys, invitations, second_factor
from store.access.accounts import LastAdmin, SignInRefused
from store.postgres import Pool
from tests.desk import PASSWORD, client, cookie, user, web
from web.render import browser_words

CHOSEN = "another long password"


@asynccontextmanager
async def admin(pool: Pool, redis_url: str, database_url: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Rina, who is one; and the address."""
    await user(pool, "rina", "admin")
    async with web(redis_url, database_url) as base, client(base, await cookie(pool, "rina")) as http:
        yield http, base


def link_of(page: httpx.Response) -> str:
    (found,) = re.findall(r'<code class="secret">([^<]+)</code>', page.text)
    return str(found)


def digits(secret: bytes, *, after: int = 0) -> str:
    """The code of so many half minutes from now."""
    return code(secret, int(time.time()) // STEP_SECONDS + after)


async def changes(pool: Pool) -> list[tuple[str, str, str]]:
    return [(one["actor"], one["action"], one["account"]) for one in await accounts.recent_changes(pool, 50)]


async def test_who_is_invited_chooses_a_password_once(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, base):
        page = await http.post("/users", data={"name": "Budi", "role": "sales", "email": ""})
        link = link_of(page)
        assert link.startswith(f"{base}/invitation/")
        assert link not in (await http.get("/users")).text
        with pytest.raises(SignInRefused):
            await accounts.sign_in(pool, "budi", "!", address="x")
        async with client(base) as newcomer:
            assert "budi" in (await newcomer.get(link)).text
            assert (await newcomer.post(link, data={"password": "short"})).status_code == 422
            done = await newcomer.post(link, data={"password": CHOSEN})
            assert (done.status_code, done.headers["location"]) == (303, "/")
            newcomer.headers["Cookie"] = done.headers["set-cookie"].split(";")[0]
            assert (await newcomer.get("/")).status_code == 200
            assert (await newcomer.get("/users")).status_code == 403
            assert (await newcomer.post(link, data={"password": PASSWORD})).status_code == 410
            assert (await newcomer.get(link)).status_code == 410
    assert await accounts.sign_in(pool, "budi", CHOSEN, address="x")
    assert await changes(pool) == [("user:budi", "password chosen", "budi"), ("user:rina", "invited", "budi")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "rina", "role": "sales"}, "already"),
        ({"name": "Ibu Sari", "role": "sales"}, "lower case letters"),
        ({"name": "sari", "role": "queen"}, "lower case letters"),
        ({"name": "", "role": "sales"}, "lower case letters"),
        ({"name": "sari", "role": "sales", "email": "x"}, "e-mail address"),
    ],
)
async def test_who_can_not_be_invited_is_said(
    pool: Pool, redis_url: str, database_url: str, given: dict[str, str], said: str
) -> None:
    async with admin(pool, redis_url, database_url) as (http, _):
        page = await http.post("/users", data=given)
        assert page.status_code == 422
        assert said in page.text


async def test_an_invitation_ends_with_its_time_and_with_a_newer_one(pool: Pool) -> None:
    first = await invitations.invite(pool, "budi", "sales", email=None, by="user:rina")
    second = await invitations.reset(pool, "budi", by="user:rina")
    assert await invitations.of(pool, first) is None
    assert await invitations.of(pool, second)
    await pool.execute("UPDATE invitations SET expires_at = now() - interval '1 second'")
    assert await invitations.accept(pool, second, CHOSEN) is None


async def test_a_reset_ends_the_password_and_every_session(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool, "budi")
    token = await accounts.sign_in(pool, "budi", PASSWORD, address="x")
    async with admin(pool, redis_url, database_url) as (http, _):
        link = link_of(await http.post("/users/budi/reset"))
        assert await accounts.signed_in(pool, token) is None
        with pytest.raises(SignInRefused):
            await accounts.sign_in(pool, "budi", PASSWORD, address="x")
        assert (await http.post(link, data={"password": CHOSEN})).status_code == 303
        assert await accounts.sign_in(pool, "budi", CHOSEN, address="x")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Linux"),
        ("python-httpx/0.28", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_as_people_know_it(agent: str | None, words: str) -> None:
    assert browser_words(agent) == words


async def test_role_disable_enable_and_sign_out_by_an_admin(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool, "budi")
    async with admin(pool, redis_url, database_url) as (http, _):

        async def act(action: str, **given: str) -> int:
            return (await http.post(f"/users/budi/{action}", data=given)).status_code

        token = await accounts.sign_in(pool, "budi", PASSWORD, address="192.0.2.7", browser="Firefox <b>")
        page = (await http.get("/users")).text
        assert "192.0.2.7" in page
        assert "Firefox &lt;b&gt;" in page
        (one,) = await accounts.sessions(pool, "budi")
        assert await act("sign-out", session=str(one["id"])) == 303
        assert await accounts.signed_in(pool, token) is None

        assert await act("role", role="operator") == 303
        assert await act("role", role="queen") == 422
        assert await act("anything") == 422
        token = await accounts.sign_in(pool, "budi", PASSWORD, address="x")
        found = await accounts.signed_in(pool, token)
        assert found
        assert found.role == "operator"
        assert await act("disable") == 303
        assert await accounts.signed_in(pool, token) is None
        assert await act("enable") == 303
        assert await accounts.sign_in(pool, "budi", PASSWORD, address="x")
        assert (await http.post("/users/nobody/disable")).status_code == 422


async def test_the_last_admin_stays_one(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, _):
        for action, given in (("disable", {}), ("role", {"role": "viewer"})):
            page = await http.post(f"/users/rina/{action}", data=given)
            assert page.status_code == 422
            assert "last admin" in page.text
    with pytest.raises(LastAdmin):
        await accounts.change_user(pool, "rina", disabled=True)
    await user(pool, "sari", "admin")
    assert await accounts.change_user(pool, "rina", role="sales")


async def test_keys_are_made_shown_once_and_revoked(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, _):
        given = {"name": "report", "scope-leads:read": "on", "days": "30"}
        key = link_of(await http.post("/keys", data=given))
        holder = await api_keys.holder(pool, key)
        assert holder
        assert holder.scopes == {"leads:read"}
        page = (await http.get("/keys")).text
        assert key not in page
        assert "report" in page
        assert (await http.post("/keys", data={"name": "report"})).status_code == 422
        assert (await http.post("/keys", data=given | {"name": "Ibu Sari"})).status_code == 422
        assert (await http.post(f"/keys/{holder.id}/revoke")).status_code == 303
        assert await api_keys.holder(pool, key) is None
    assert [one[1] for one in await changes(pool)] == ["key revoked", "key added"]


async def test_a_second_factor_is_set_asked_for_and_removed(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, base):
        page = (await http.get("/account")).text
        assert 'class="code-picture"' in page
        secret = await pool.fetchval("SELECT code_secret FROM users WHERE name = 'rina'")
        assert (await http.get("/account")).text.count(link_of(httpx.Response(200, text=page))) == 1
        assert (await http.post("/account/second-factor", data={"code": "000000"})).status_code == 422
        assert await accounts.sign_in(pool, "rina", PASSWORD, address="x")
        done = await http.post("/account/second-factor", data={"code": digits(secret, after=-1)})
        assert done.status_code == 303
        assert 'class="code-picture"' not in (await http.get("/account")).text

        async with client(base) as fresh:
            answer = await fresh.post("/login", data={"name": "rina", "password": PASSWORD, "next": "/board"})
            assert answer.headers["location"] == "/login/code"
            (step,) = re.findall(r"signing_in=[^;]+", answer.headers["set-cookie"])
            assert "session=" not in answer.headers["set-cookie"]
            fresh.headers["Cookie"] = step
            fresh.cookies.clear()
            assert (await fresh.get("/login/code")).status_code == 200
            assert (await fresh.post("/login/code", data={"code": "12345"})).status_code == 401
            # The code that confirmed the app has had its turn.
            assert (await fresh.post("/login/code", data={"code": digits(secret, after=-1)})).status_code == 401
            right = await fresh.post("/login/code", data={"code": digits(secret)})
            assert (right.status_code, right.headers["location"]) == (303, "/board")
            assert "session=" in right.headers["set-cookie"]
            assert (await fresh.post("/login/code", data={"code": digits(secret, after=1)})).status_code == 401

        assert (await http.post("/account/second-factor", data={"remove": "yes", "code": "1"})).status_code == 422
        await user(pool, "sari", "admin")
        assert await second_factor.remove(pool, "rina", by="user:sari")
        assert await accounts.sign_in(pool, "rina", PASSWORD, address="x")


async def test_codes_are_not_to_be_guessed(pool: Pool, redis_url: str, database_url: str) -> None:
    rina = await user(pool, "rina", "admin")
    secret = await second_factor.propose(pool, rina.id)
    await second_factor.confirm(pool, rina, digits(secret, after=-1))
    async with web(redis_url, database_url) as base, client(base) as http:
        codes = []
        for _ in range(3):
            with pytest.raises(accounts.CodeNeeded) as needed:
                await accounts.sign_in(pool, "rina", PASSWORD, address="x")
            http.headers["Cookie"] = f"signing_in={needed.value.token}|%2F"
            codes += [(await http.post("/login/code", data={"code": "999999x"})).status_code for _ in range(8)]
        assert codes == [401] * 20 + [429] * 4
        assert (await http.post("/login/code", data={"code": digits(secret)})).status_code == 429


async def test_a_new_password_ends_the_other_sessions(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, _):
        elsewhere = await accounts.sign_in(pool, "rina", PASSWORD, address="x")
        assert (await http.post("/account/password", data={"old": "wrong", "new": CHOSEN})).status_code == 422
        assert (await http.post("/account/password", data={"old": PASSWORD, "new": "short"})).status_code == 422
        assert (await http.post("/account/password", data={"old": PASSWORD, "new": CHOSEN})).status_code == 303
        assert await accounts.signed_in(pool, elsewhere) is None
        assert (await http.get("/account")).status_code == 200
        assert await accounts.sign_in(pool, "rina", CHOSEN, address="x")
        assert (await http.post("/account/sign-out")).status_code == 303
        assert len(await accounts.sessions(pool, "rina")) == 1


async def test_nobody_but_an_admin_sees_or_changes_users(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool, "rina", "admin")
    await user(pool, "budi", "operator")
    async with web(redis_url, database_url) as base, client(base, await cookie(pool, "budi")) as http:
        for method, path in (
            ("GET", "/users"), ("GET", "/keys"), ("POST", "/users"), ("POST", "/users/budi/role"), ("POST", "/keys"),
            ("POST", "/users/rina/reset"), ("POST", "/keys/1/revoke"),
        ):  # fmt: skip
            assert (await http.request(method, path, data={"role": "admin"})).status_code == 403, path
    async with web(redis_url, database_url) as base, httpx.AsyncClient(base_url=base) as foreign:
        for path in ("/login/code", "/invitation/x", "/logout", "/users"):
            assert (await foreign.post(path)).status_code == 403, path


async def test_a_program_manages_users_as_an_admin_does(pool: Pool, redis_url: str, database_url: str) -> None:
    await user(pool, "rina", "admin")
    key = await api_keys.add(pool, "hr", ["users:read", "users:write"])
    async with web(redis_url, database_url) as base, httpx.AsyncClient(base_url=f"{base}/api/v1") as http:
        http.headers["Authorization"] = f"Bearer {key}"
        new = {"name": "budi", "role": "sales", "email": "Budi@Example.com"}
        made = await http.post("/users", json=new)
        assert (made.status_code, made.json()["name"]) == (201, "budi")
        async with client(base) as newcomer:
            assert (await newcomer.post(made.json()["path"], data={"password": CHOSEN})).status_code == 303
        assert (await http.post("/users", json=new)).status_code == 409
        assert (await http.post("/users", json=new | {"name": "Ibu Sari"})).status_code == 422
        listed = (await http.get("/users")).json()["users"]
        assert [(one["name"], one["email"], one["sessions"]) for one in listed] == [
            ("budi", "budi@example.com", 1), ("rina", None, 0)
        ]  # fmt: skip
        assert (await http.patch("/users/budi", json={"role": "operator"})).json()["role"] == "operator"
        assert (await http.patch("/users/rina", json={"disabled": True})).status_code == 409
        assert (await http.patch("/users/nobody", json={"disabled": True})).status_code == 404
        assert (await http.delete("/users/budi/sessions")).json()["sessions"] == 0
        assert (await http.post("/users/budi/invitation")).status_code == 201
        with pytest.raises(SignInRefused):
            await accounts.sign_in(pool, "budi", CHOSEN, address="x")
        (mine,) = (await http.get("/api-keys")).json()["keys"]
        assert "secret" not in str(mine)
        assert (await http.delete("/api-keys/0123456789ab")).status_code == 404
        assert (await http.delete(f"/api-keys/{mine['id']}")).status_code == 200
        assert (await http.get("/users")).status_code == 401
    assert {one[0] for one in await changes(pool)} == {"key:hr", "user:budi", "console"}
