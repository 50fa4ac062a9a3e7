"""User management: invitations, roles, resets, sessions, API keys and the second factor, by pages and API."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from domain.one_time_codes import STEP_SECONDS, code, from_base32
from store.access import account_changes, accounts, api_keys, invitations, passwords, second_factor
from store.access.accounts import LastAdmin
from store.access.passwords import SignInRefused, TooOften
from store.access.second_factor import AlreadySet, WrongCode
from store.postgres import Pool
from tests.desk import PASSWORD, client, cookie, user, web
from web.render import browser_words

CHOSEN = "another long password"


@asynccontextmanager
async def admin(pool: Pool, redis_url: str, database_url: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client signed in as the admin rina, and the base URL."""
    await user(pool, "rina", "admin")
    async with web(redis_url, database_url) as base, client(base, await cookie(pool, "rina")) as http:
        yield http, base


def link_of(page: httpx.Response) -> str:
    (found,) = re.findall(r'<code class="secret">([^<]+)</code>', page.text)
    return str(found)


def digits(secret: bytes, *, after: int = 0) -> str:
    """Return the code of the time step `after` steps from now."""
    return code(secret, int(time.time()) // STEP_SECONDS + after)


async def changes(pool: Pool) -> list[tuple[str, str, str]]:
    return [(one["actor"], one["action"], one["account"]) for one in await account_changes.recent(pool, 50)]


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
        ({"name": "rina", "role": "sales"}, "already taken"),
        ({"name": "Ibu Sari", "role": "sales"}, "lowercase letters"),
        ({"name": "sari", "role": "queen"}, "lowercase letters"),
        ({"name": "", "role": "sales"}, "lowercase letters"),
        ({"name": "sari", "role": "sales", "email": "x"}, "valid e-mail"),
        ({"name": "sari", "role": "sales", "email": "\u212aim@example.com"}, "valid e-mail"),
        ({"name": "sari", "role": "sales", "email": "a\r\nb@example.com"}, "valid e-mail"),
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
    assert await invitations.find(pool, first) is None
    assert await invitations.find(pool, second)
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
        for days in ("0", "-1", "1.5", "30 days", "99999"):
            assert (await http.post("/keys", data=given | {"days": days})).status_code == 422, days
        assert (await http.post(f"/keys/{holder.id}/revoke")).status_code == 303
        assert await api_keys.holder(pool, key) is None
    assert [one[1] for one in await changes(pool)] == ["key revoked", "key added"]


async def with_factor(pool: Pool, name: str = "rina") -> bytes:
    """Add a user with a second factor, and return the secret."""
    one = await user(pool, name, "admin")
    token = await accounts.sign_in(pool, name, PASSWORD, address="x")
    secret = second_factor.new_secret()
    await second_factor.confirm(
        pool, one, secret, digits(secret, after=-1), password=PASSWORD, address="x", token=token
    )
    return secret


async def half_way(pool: Pool, name: str = "rina") -> str:
    with pytest.raises(accounts.CodeNeeded) as needed:
        await accounts.sign_in(pool, name, PASSWORD, address="x")
    return needed.value.token


async def test_a_second_factor_is_set_asked_for_and_removed(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, base):
        page = (await http.get("/account")).text
        assert 'class="code-picture"' in page
        text = link_of(httpx.Response(200, text=page))
        secret = from_base32(text)
        assert secret
        elsewhere = await accounts.sign_in(pool, "rina", PASSWORD, address="x")
        for wrong in ({"code": "000000", "password": PASSWORD}, {"code": digits(secret), "password": "guessed it"}):
            answer = await http.post("/account/second-factor", data=wrong | {"secret": text})
            assert answer.status_code == 422
            assert text in answer.text  # the app that scanned it still fits
        right = {"code": digits(secret, after=-1), "password": PASSWORD, "secret": text}
        assert (await http.post("/account/second-factor", data=right)).status_code == 303
        assert await accounts.signed_in(pool, elsewhere) is None
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
            right_code = await fresh.post("/login/code", data={"code": digits(secret)})
            assert (right_code.status_code, right_code.headers["location"]) == (303, "/board")
            assert "session=" in right_code.headers["set-cookie"]
            assert (await fresh.post("/login/code", data={"code": digits(secret, after=1)})).status_code == 401

        await user(pool, "sari", "admin")
        assert await second_factor.remove(pool, "rina", by="user:sari")
        assert await accounts.sign_in(pool, "rina", PASSWORD, address="x")


async def test_a_stolen_session_neither_sets_nor_removes_a_second_factor(pool: Pool) -> None:
    secret = await with_factor(pool)
    rina = await accounts.signed_in(pool, await second_factor.finish(
        pool, await half_way(pool), digits(secret), address="x", browser=""))  # fmt: skip
    assert rina
    with pytest.raises(SignInRefused):
        await second_factor.remove_with(pool, rina, digits(secret, after=1), password="guessed it", address="thief")
    other = second_factor.new_secret()
    with pytest.raises(SignInRefused):
        await second_factor.confirm(pool, rina, other, digits(other), password="guessed it", address="thief", token="x")
    # The password alone does not replace the app, and a code of another secret does not reset the count of tries.
    with pytest.raises(AlreadySet):
        await second_factor.confirm(pool, rina, other, digits(other), password=PASSWORD, address="thief", token="x")
    assert await pool.fetchval("SELECT code_secret FROM users WHERE name = 'rina'") == secret
    # All tries count together: those to turn it off and those at the sign-in.
    found = []
    for n in range(24):
        if n == 15:
            with pytest.raises(AlreadySet):
                await second_factor.confirm(pool, rina, other, digits(other), password=PASSWORD, address="x", token="x")
        try:
            await second_factor.remove_with(pool, rina, "000000x", password=PASSWORD, address="thief")
        except (WrongCode, TooOften) as error:
            found.append(type(error))
    assert found == [WrongCode] * 20 + [TooOften] * 4
    with pytest.raises(TooOften):
        await second_factor.finish(pool, await half_way(pool), digits(secret, after=1), address="x", browser="")
    await second_factor.remove(pool, "rina", by="user:sari")


async def test_codes_are_not_to_be_guessed(pool: Pool, redis_url: str, database_url: str) -> None:
    secret = await with_factor(pool)
    async with web(redis_url, database_url) as base, client(base) as http:
        codes = []
        for _ in range(3):
            http.headers["Cookie"] = f"signing_in={await half_way(pool)}|%2F"
            codes += [(await http.post("/login/code", data={"code": "999999x"})).status_code for _ in range(8)]
        assert codes == [401] * 20 + [429] * 4
        assert (await http.post("/login/code", data={"code": digits(secret)})).status_code == 429


@pytest.mark.parametrize("what", ["reset", "password", "disable and enable", "own password", "role"])
async def test_a_sign_in_that_waits_for_its_code_ends_with_what_changes_the_account(pool: Pool, what: str) -> None:
    secret = await with_factor(pool)
    await user(pool, "sari", "admin")
    rina = await accounts.signed_in(pool, await second_factor.finish(
        pool, await half_way(pool), digits(secret), address="x", browser=""))  # fmt: skip
    assert rina
    step = await half_way(pool)
    token = await accounts.begin_session(pool, rina.id, address="x", browser="")
    match what:
        case "reset":
            await invitations.reset(pool, "rina", by="user:sari")
        case "password":
            await accounts.change_user(pool, "rina", password=CHOSEN)
        case "role":
            await accounts.change_user(pool, "rina", role="sales")
        case "own password":
            await accounts.change_password(pool, rina, PASSWORD, CHOSEN, address="x", token=token)
        case _:
            await accounts.change_user(pool, "rina", disabled=True)
            await accounts.change_user(pool, "rina", disabled=False)
    with pytest.raises(SignInRefused):
        await second_factor.finish(pool, step, digits(secret, after=1), address="x", browser="")


async def test_a_reset_wins_over_a_password_that_is_checked_or_changed_at_that_moment(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reset happens between the check of the old password and its use."""
    rina = await user(pool, "rina")
    token = await accounts.sign_in(pool, "rina", PASSWORD, address="x")
    check, links = passwords.check, []

    async def checked(*given: Any, **more: Any) -> Any:
        row = await check(*given, **more)
        links.append(await invitations.reset(pool, "rina", by="user:sari"))
        await accounts.add_user(pool, f"other{len(links)}", "sales", PASSWORD)
        return row

    monkeypatch.setattr(passwords, "check", checked)
    with pytest.raises(SignInRefused):
        await accounts.change_password(pool, rina, PASSWORD, CHOSEN, address="x", token=token)
    assert await invitations.find(pool, links[-1])
    monkeypatch.setattr(passwords, "check", check)
    assert await invitations.accept(pool, links[-1], PASSWORD)
    monkeypatch.setattr(passwords, "check", checked)
    with pytest.raises(SignInRefused):
        await accounts.sign_in(pool, "rina", PASSWORD, address="x")
    assert await accounts.sessions(pool, "rina") == []


@pytest.mark.parametrize("change", [{"password": CHOSEN}, {"disabled": True}])
async def test_a_link_ends_with_another_password_and_with_disabling(pool: Pool, change: dict[str, Any]) -> None:
    token = await invitations.invite(pool, "budi", "sales", email=None, by="user:rina")
    await accounts.change_user(pool, "budi", **change)
    await accounts.change_user(pool, "budi", disabled=False)
    assert await invitations.accept(pool, token, CHOSEN) is None


async def test_nothing_is_hashed_for_a_link_that_opens_nothing(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    async def counted(password: str) -> str:
        hashed.append(password)
        return password

    monkeypatch.setattr(passwords, "hashed", counted)
    assert await invitations.accept(pool, "invented", CHOSEN) is None
    assert hashed == []


async def test_the_last_admin_is_the_last_who_can_come_in(pool: Pool) -> None:
    await user(pool, "rina", "admin")
    await invitations.invite(pool, "sari", "admin", email=None, by="user:rina")
    await pool.execute("UPDATE invitations SET expires_at = now() - interval '1 second'")
    with pytest.raises(LastAdmin):
        await accounts.change_user(pool, "rina", disabled=True)


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
        assert (await http.patch("/users/budi", json={})).status_code == 422
        assert (await http.patch("/users/bu%00di", json={"disabled": True})).status_code == 404
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
    assert {one[0] for one in await changes(pool)} == {"key:hr", "user:budi", account_changes.CONSOLE}


async def test_switching_off_what_is_off_already_is_no_error(pool: Pool, redis_url: str, database_url: str) -> None:
    async with admin(pool, redis_url, database_url) as (http, _):
        await user(pool, "sari")
        assert (await http.post("/users/sari/second-factor")).status_code == 303
        assert (await http.post("/users/nobody/second-factor")).status_code == 422
