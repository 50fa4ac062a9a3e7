"""`mirror check` and `mirror migrate` on stores that are not as they should be: real ones, each wrong in one way."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import redis.exceptions
from redis.asyncio import Redis
from starlette.responses import HTMLResponse, JSONResponse

from cli.check import _redis, findings
from cli.main import main
from store.access import accounts
from store.faults import postgres_fault, redis_fault
from store.ops.checks import SCHEMA, Finding
from store.ops.concerns import concerns
from store.postgres import Pool
from tests.cli.test_console import inside, run
from tests.databases import execute, with_database
from tests.desk import PASSWORD
from tests.servers import KEY, kapso_api, scripted

POSTGRES = "postgresql://mirror:hidden@db.example:6543/leads"
REDIS = "rediss://:hidden@cache.example/0"


@pytest.fixture
def settings(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("KAPSO_WEBHOOK_SECRETS", "a secret of our own")


@asynccontextmanager
async def role(server_url: str, more: str = "") -> AsyncIterator[str]:
    """A role that can sign in and owns nothing; yields the server's URL as it."""
    name, password = f"role_{secrets.token_hex(4)}", secrets.token_hex(8)
    await execute(server_url, f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {more}")
    parts = urlsplit(server_url)
    try:
        yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))
    finally:
        await execute(server_url, f"DROP ROLE {name}")


def wrong(found: list[Finding]) -> list[str]:
    return [one.text for one in found if one.level == "wrong"]


@pytest.mark.usefixtures("settings")
async def test_what_is_right_is_said_and_who_can_sign_in_is_asked(pool: Pool) -> None:
    found = await findings()
    assert wrong(found) == []
    assert any(f"the database is at migration {SCHEMA}" in one.text for one in found)
    assert any("mirror users add" in one.text for one in found)
    await accounts.add_user(pool, "budi", "admin", PASSWORD)
    assert not any("mirror users add" in one.text for one in await findings())


@pytest.mark.usefixtures("settings")
async def test_wrong_settings_are_named_all_at_once_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("LOG_LEVEL", "LOUD"), ("TIME_ZONE", "Asia/Bandung"), ("PORT", "99999"), ("REDIS_URL", "http://hidden"),
        ("BUSINESS_HOURS", "always"), ("DEFAULT_REGION", "Indonesia"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    said = wrong(await findings())
    assert {line.split()[0] for line in said} == {
        "LOG_LEVEL", "TIME_ZONE", "PORT", "REDIS_URL", "BUSINESS_HOURS", "DEFAULT_REGION",
    }  # fmt: skip
    assert "hidden" not in str(said)


@pytest.mark.usefixtures("settings")
async def test_settings_that_do_not_fit_this_machine_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (
        ("HOST", "999.999.999.999"), ("ALIVE_FILE", str(tmp_path / "nowhere" / "alive")), ("OIDC_ISSUER", "http://127.0.0.1:1"),
        ("OIDC_CLIENT_ID", "mirror"), ("OIDC_CLIENT_SECRET", "x"), ("KAPSO_WEBHOOK_SECRETS", "short"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    found = await findings()
    assert [line.split()[0] for line in wrong(found)] == ["HOST", "ALIVE_FILE", "OIDC_ISSUER"]
    assert any("It can be guessed" in one.text for one in found)
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("ALIVE_FILE", str(tmp_path / "alive"))
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "")
    assert ["OIDC_CLIENT_SECRET" in line for line in wrong(await findings())] == [True]


@pytest.mark.usefixtures("settings")
async def test_the_secrets_of_the_sample_are_refused(monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    monkeypatch.setenv("KAPSO_WEBHOOK_SECRETS", "the-secret-of-the-webhook")
    parts = urlsplit(redis_url)
    monkeypatch.setenv("REDIS_URL", urlunsplit(parts._replace(netloc=f":secret@{parts.hostname}:{parts.port}")))
    said = " ".join(wrong(await findings()))
    assert ("KAPSO_WEBHOOK_SECRETS are those" in said, "REDIS_URL has the password" in said) == (True, True)


async def test_databases_that_can_not_hold_a_mirror_are_named(
    server_url: str, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    await execute(
        server_url, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    )
    try:
        monkeypatch.setenv("DATABASE_URL", with_database(server_url, name))
        said = " ".join(wrong(await findings()))
        assert ("LATIN1" in said, "Run: mirror migrate" in said) == (True, True)
        code, _, told = await run("migrate")
        assert (code, "LATIN1" in told, len(told.splitlines())) == (2, True, 1)
    finally:
        await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_roles_that_may_too_little_are_named(
    server_url: str, database_url: str, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = urlsplit(database_url).path
    async with role(server_url) as url:
        monkeypatch.setenv("DATABASE_URL", urlunsplit(urlsplit(url)._replace(path=name)))
        assert any("may not write to the mirror's tables" in one for one in wrong(await findings()))
        code, _, told = await run("leads")
        assert (code, "too few rights" in told, len(told.splitlines())) == (1, True, 1)
    async with role(server_url, "SUPERUSER") as url:
        as_role = urlunsplit(urlsplit(url)._replace(path=name))
        await execute(as_role, "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
        monkeypatch.setenv("DATABASE_URL", as_role)
        assert any("read-only for the role" in one for one in wrong(await findings()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "refuses the user"),
        ({"path": "/nowhere"}, "has no database 'nowhere'"),
        ({"port": "1"}, "Nothing listens at"),
    ],
)
async def test_every_command_says_in_one_line_what_postgres_said(
    server_url: str,
    settings: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    said: str,
) -> None:
    async with role(server_url) as url:
        parts = urlsplit(url)
        netloc = f"{parts.username}:{change.get('password', parts.password)}@{parts.hostname}:{change.get('port', parts.port)}"
        monkeypatch.setenv(
            "DATABASE_URL", urlunsplit(parts._replace(netloc=netloc, path=change.get("path", parts.path)))
        )
        assert any(said in one for one in wrong(await findings()))
        for command in (("migrate",), ("leads",), ("users", "list"), ("migrate", "base", "--down")):
            code, out, told = await inside(capsys, *command)
            assert (code, out, len(told.splitlines())) == (1, "", 1), told
            assert said in told
            assert str(parts.password) not in told


@pytest.mark.parametrize(("url", "said"), [("redis://:wrong@{at}/0", "refuses"), ("redis://127.0.0.1:1/0", "Nothing listens"), ("rediss://{at}/0", "TLS")])  # fmt: skip
async def test_redis_says_its_own_words(redis_url: str, url: str, said: str) -> None:
    parts = urlsplit(redis_url)
    async with asyncio.timeout(4):
        (finding,) = await _redis(url.format(at=f"{parts.hostname}:{parts.port}"), 0)
    assert (finding.level, said in finding.text) == ("wrong", True), finding.text


async def test_a_redis_that_forgets_is_named(redis_url: str, redis: Redis) -> None:
    await redis.config_set("appendonly", "no")
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        said = " ".join(one.text for one in await _redis(redis_url, 0) if one.level == "wrong")
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
        await redis.config_set("appendonly", "yes")
    assert ("appendonly yes" in said, "allkeys-lru" in said) == (True, True)


@pytest.mark.usefixtures("settings")
async def test_what_only_a_shell_takes_away_and_what_clients_read_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a setting is missing, and the servers are asked all the same."""
    for name, value in (
        ("BUSINESS_HOURS", "'Mon-Sat 08:00-18:00 Asia/Jakarta'"), ("RELEASE", "v1 # the first"), ("BOT_NAME", "“sarah”"),
        ("PGSSLMODE", "require"), ("https_proxy", "http://127.0.0.1:1"), ("KAPSO_WEBHOOK_SECRET", "of one"),
        ("WEBHOOK_URL", "https://localhost/webhooks/kapso"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KAPSO_WEBHOOK_SECRETS")
    found = await findings()
    noted = " ".join(one.text for one in found if one.level == "note")
    for text in ("BUSINESS_HOURS has quotes", "RELEASE has a comment", "BOT_NAME has quotes", "PGSSLMODE is set",
                 "HTTPS_PROXY is set", "Did you mean KAPSO_WEBHOOK_SECRETS?"):  # fmt: skip
        assert text in noted, text
    assert [line.split()[0] for line in wrong(found)] == ["KAPSO_WEBHOOK_SECRETS", "BUSINESS_HOURS"]
    assert any(one.text.startswith("postgres ") for one in found)
    assert any("valkey" in one.text or "redis" in one.text for one in found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KAPSO_API_KEY", "abcdef\nhidden", "copy it again"),
        ("KAPSO_API_KEY", "kunci-é-hidden", "copy it again"),
        ("DATABASE_URL", "postgresql://user:p@hidden@127.0.0.1/mirror", "percent-encoded"),
        ("REDIS_URL", "redis://127.0.0.1/0?ssl_cert_reqs=none", "need rediss://"),
        ("REQUEST_SECONDS", "inf", "finite"),
        ("KAPSO_INBOX_URL", "https://app.kapso.ai/{id}", "{conversation_id}"),
        ("MEDIA_HOSTS", "ai", "is not a host"),
        ("FORWARDED_ALLOW_IPS", "0.0.0.0/0", "any client can forge"),
    ],
)
@pytest.mark.usefixtures("settings")
async def test_a_setting_that_can_not_be_is_named_without_its_value(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    told = wrong(await findings())
    assert any(line.startswith(name) and said in line for line in told), told
    assert "hidden" not in str(told)


@pytest.mark.usefixtures("settings")
async def test_a_release_is_not_held_up_by_the_services_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAPSO_API_KEY", KEY)
    monkeypatch.setenv("KAPSO_API_URL", "http://127.0.0.1:1")
    assert ([line.split()[0] for line in wrong(await findings())], wrong(await findings(outside=False))) == (
        ["KAPSO_API_URL"],
        [],
    )


async def test_a_redis_user_without_rights_and_one_that_only_reads_are_named(redis_url: str, redis: Redis) -> None:
    parts = urlsplit(redis_url)
    for rules, words in (
        (["+@all", "-info"], "does not let the user 'few' do that"),
        (["+@read", "+info", "+config"], "'set'"),
        (["+@all", "resetkeys", "%R~other:*"], "permissions"),
    ):
        await redis.execute_command(  # type: ignore[no-untyped-call]
            "ACL", "SETUSER", "few", "reset", "on", ">secret-of-few", "~*", *rules
        )
        try:
            (finding,) = await _redis(
                urlunsplit(parts._replace(netloc=f"few:secret-of-few@{parts.hostname}:{parts.port}")), 0
            )
        finally:
            await redis.execute_command(  # type: ignore[no-untyped-call]
                "ACL", "DELUSER", "few"
            )
        assert (finding.level, words in finding.text, "password" in finding.text) == ("wrong", True, False), (
            finding.text
        )


@pytest.mark.usefixtures("settings")
async def test_more_connections_than_the_role_may_have_are_named(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOL_MAX_SIZE", "500")
    assert any("may open 520 connections" in text and "Lower POOL_MAX_SIZE" in text for text in wrong(await findings()))


@pytest.mark.usefixtures("settings")
async def test_a_role_that_looks_in_no_schema_is_named(
    database_url: str, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with role(server_url) as other:
        name = urlsplit(other).username
        await execute(server_url, f"ALTER ROLE {name} SET search_path = nowhere")
        monkeypatch.setenv("DATABASE_URL", with_database(other, urlsplit(database_url).path.lstrip("/")))
        assert any("search_path" in text and "public" in text for text in wrong(await findings()))


def test_where_a_server_is_is_said_for_sockets_and_several_hosts_too() -> None:
    refused = ConnectionRefusedError()
    assert "at /run/postgresql" in postgres_fault(refused, "postgresql:///mirror?host=/run/postgresql")
    assert "at one:5433" in postgres_fault(refused, "postgresql://mirror@one:5433,two:5434/mirror")
    full = redis.exceptions.ResponseError(
        "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk"
    )
    assert "Free space on its disk" in redis_fault(full, "redis://cache/0")


def test_the_first_of_several_hosts_in_a_query_is_named() -> None:
    url = "postgresql:///mirror?host=one,two&port=5433,5434"
    assert "at one:5433" in postgres_fault(ConnectionRefusedError(), url)


async def test_a_full_redis_is_named_as_such_by_check_and_by_status(redis_url: str, redis: Redis, pool: Pool) -> None:
    """A key that is written to see whether that works would only say that Redis does not answer."""
    await redis.config_set("maxmemory", 1)
    try:
        found = [*wrong(await _redis(redis_url, 0)), *await concerns(pool, redis)]
    finally:
        await redis.config_set("maxmemory", 0)
    assert [text.partition(":")[0] for text in found] == ["redis is full (maxmemory)"] * 2


async def test_an_inbox_that_may_hold_more_than_redis_is_noted(redis_url: str, redis: Redis) -> None:
    assert not any("INBOX_LIMIT_BYTES" in one.text for one in await _redis(redis_url, 1 << 30))
    await redis.config_set("maxmemory", 1 << 28)
    try:
        found = (await _redis(redis_url, 1 << 30))[-1]
    finally:
        await redis.config_set("maxmemory", 0)
    assert (found.level, "INBOX_LIMIT_BYTES is 1,073,741,824" in found.text) == ("note", True)


@pytest.mark.usefixtures("settings")
async def test_check_probes_the_media_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert any("MEDIA_ARCHIVE is not set" in one.text for one in await findings() if one.level == "note")
    monkeypatch.setenv("MEDIA_ARCHIVE", f"file:{tmp_path}/archive")
    assert any("files of messages are kept in" in one.text for one in await findings() if one.level == "ok")
    assert not [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("MEDIA_ARCHIVE", f"file:{tmp_path}/taken/archive")
    assert any("Correct MEDIA_ARCHIVE" in text for text in wrong(await findings()))
    monkeypatch.setenv("MEDIA_ARCHIVE", "s3://bucket/prefix")
    for name, value in (("ENDPOINT_URL", "http://127.0.0.1:1"), ("ACCESS_KEY_ID", "an-id"),
                        ("SECRET_ACCESS_KEY", "a-secret")):  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    assert any("AWS_* variables" in text and "a-secret" not in text for text in wrong(await findings()))
    # A release must not depend on it.
    assert not any("MEDIA_ARCHIVE" in one.text for one in await findings(outside=False))


@pytest.mark.usefixtures("settings")
async def test_services_that_settings_name_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = [JSONResponse({"error": "key"}, 401)]
    async with (
        kapso_api() as (kapso, _, _),
        scripted(refuses) as (model, _),
        scripted([HTMLResponse("", 404)]) as (other, _),
    ):
        for name, value in (
            ("KAPSO_API_URL", kapso), ("KAPSO_API_KEY", KEY), ("MODEL_URL", model), ("MODEL_NAME", "small"),
            ("EMBEDDING_URL", other), ("EMBEDDING_MODEL", "small"),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        found = {one.text.split()[0]: one for one in await findings()}
        assert found["KAPSO_API_URL"].level == "ok"
        assert (found["MODEL_URL"].level, "refuses MODEL_API_KEY" in found["MODEL_URL"].text) == ("wrong", True)
        assert (found["EMBEDDING_URL"].level, "Check the address." in found["EMBEDDING_URL"].text) == (
            "note",
            True,
        )
        monkeypatch.setenv("KAPSO_API_KEY", "another")
        assert any("refuses KAPSO_API_KEY (401)" in text for text in wrong(await findings()))
        monkeypatch.setenv("KAPSO_API_URL", "http://127.0.0.1:1")
        assert any("does not answer" in text and "stay missing" in text for text in wrong(await findings()))


async def test_what_a_migration_meets_is_one_sentence(
    server_url: str, settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    await execute(server_url, f"CREATE DATABASE {name}")
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        async with role(server_url) as few:
            monkeypatch.setenv("DATABASE_URL", with_database(few, name))
            code, _, told = await run("migrate")
            assert (code, "too few rights" in told, len(told.splitlines())) == (1, True, 1), told
        monkeypatch.setenv("DATABASE_URL", url)
        await execute(server_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        code, _, told = await run("migrate")
        assert (code, "is read-only" in told, len(told.splitlines())) == (1, True, 1), told
        await execute(server_url, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await execute(url, "CREATE TABLE contacts (id int)")
        code, _, told = await run("migrate")
        assert (code, "Restore the backup whole" in told) == (2, True), told
        assert any("Restore the backup whole" in one for one in wrong(await findings()))
    finally:
        await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.usefixtures("settings")
async def test_a_crm_that_can_not_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CLIENT", "no.such:Thing")
    assert any("CRM_CLIENT=no.such:Thing cannot be loaded" in one for one in wrong(await findings()))
    code, out, _ = await run("--json", "check")
    assert (code, out.startswith('{"findings"')) == (1, True)


def duplicate() -> asyncpg.PostgresError:
    """As a server reports it: the detail quotes a value."""
    return asyncpg.PostgresError.new(
        {"C": "23505", "M": 'duplicate key value violates unique constraint "x"', "D": "Key (phone)=(hidden)"}
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host 'db.example' is not known (Name or service"),
        (TimeoutError(), "db.example:6543 does not answer in time"),
        (asyncpg.InvalidSQLStatementNameError('prepared statement "x" does not exist'), "pool_mode = session"),
        (asyncpg.DeadlockDetectedError("deadlock detected"), "Run it again"),
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), "Raise max_connections"),
        (asyncpg.CannotConnectNowError("the database system is starting up"), "Try again in a moment"),
        (ssl.SSLError(1, "wrong version number"), "does not speak TLS"),
        (duplicate(), 'refused: duplicate key value violates unique constraint "x" (UniqueViolationError)'),
        (ConnectionResetError("reset by peer"), "broke the connection: reset by peer"),
    ],
)
def test_an_error_of_postgres_becomes_a_sentence(error: Exception, said: str) -> None:
    text = postgres_fault(error, POSTGRES)
    assert said in text
    assert ("hidden" in text, "\n" in text) == (False, False)


def test_an_error_of_redis_becomes_a_sentence() -> None:
    error = redis.exceptions.ConnectionError("Error -2 connecting")
    error.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert "the host 'cache.example' is not known" in redis_fault(error, REDIS)
    assert "REDIS_URL is not an address" in redis_fault(ValueError("x"), "redis://h:port/0")


def test_migrate_says_where_it_came_from_and_never_goes_down_by_itself(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert main(["migrate"]) == 0
    assert f"the database is at {SCHEMA}; it was there already" in capsys.readouterr().out
    assert main(["migrate", "0007"]) == 2
    assert "mirror migrate 0007 --down" in capsys.readouterr().err
    assert main(["migrate", "base", "--down"]) == 0
    out = capsys.readouterr().out
    assert ("the table contacts: 0 rows" in out, "Nothing was done" in out) == (True, True)
    assert main(["migrate"]) == 0
    assert "was there already" in capsys.readouterr().out


def test_a_release_that_is_rolled_back_works_with_the_newer_schema_and_says_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = '9' || version_num"))
    try:
        assert main(["migrate"]) == 0
        assert f"the database is at 9{SCHEMA}, of a newer release" in capsys.readouterr().err
        assert main(["migrate", "0007"]) == 2
    finally:
        asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = substr(version_num, 2)"))


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("mirror ")
