"""The analyst role: it can read customers and stages of leads, and neither secrets nor write access."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from cli.main import main
from domain.lead import Source
from store.access.analysts import GRANTED
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import chat, lead
from tests.databases import execute

BUDI = Actor(Source.HUMAN, "user:budi")


@pytest.fixture
def role(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An unused role name: roles belong to the whole server."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    name = f"analyst_{secrets.token_hex(4)}"
    yield name
    main(["analyst-role", name, "--drop"])


async def run(*arguments: str) -> int:
    """Run the command in a thread: it starts its own event loop."""
    return await asyncio.to_thread(main, ["analyst-role", *arguments])


async def as_role(database_url: str, name: str, password: str) -> asyncpg.Connection:
    parts = urlsplit(database_url)
    return await asyncpg.connect(urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}")))


async def hidden(pool: Pool) -> set[str]:
    rows = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
    )
    found = {row["relname"] for row in rows} - set(GRANTED)
    assert found > {
        "users",
        "sessions",
        "api_keys",
        "invitations",
        "sign_in_steps",
        "tombstones",
        "deliveries",
        "spill",
    }
    return found


async def test_an_analyst_reads_customers_and_no_secrets_and_changes_nothing(
    role: str, pool: Pool, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "saya Rina dari Bandung")
    assert await run(role, "--json") == 0
    password = json.loads(capsys.readouterr().out)["password"]
    connection = await as_role(database_url, role, password)
    try:
        for name in set(GRANTED) - {"handoffs", "handoff_records"}:
            await connection.fetch(f"SELECT * FROM {name} LIMIT 5")  # noqa: S608
        await connection.fetch("SELECT id FROM handoffs")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT session_id FROM handoffs")
        assert await connection.fetchval("SELECT count(*) FROM leads") == 1
        for name in await hidden(pool):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM {name} LIMIT 1")  # noqa: S608
        await connection.execute("SET default_transaction_read_only = off")
        for change in (
            "DELETE FROM lead_records",
            "UPDATE contacts SET name = 'x'",
            "CREATE TABLE mine (a int)",
            "CREATE ROLE x",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    finally:
        await connection.close()
    assert await run(role) == 0
    assert "…@" in capsys.readouterr().out
    assert await run(role, "--new-password", "--json") == 0
    assert json.loads(capsys.readouterr().out)["password"] not in (None, password)


async def test_a_role_that_somebody_else_made_is_left_alone(
    role: str, database_url: str, server_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = urlsplit(server_url).username or ""
    assert await run(owner) == 1
    assert "did not make" in capsys.readouterr().err
    assert await run(owner, "--drop") == 1
    await execute(database_url, f'CREATE ROLE "{role}"')
    try:
        assert await run(role) == 1
    finally:
        await execute(database_url, f'DROP ROLE "{role}"')
    for name in ("public", "pg_monitor", "none", "A b"):
        assert await run(name, "--print") == 1, name
    capsys.readouterr()
    assert await run(role, "--print") == 0
    assert f"CREATE ROLE {role} LOGIN;" in capsys.readouterr().out


async def test_the_stages_of_a_lead_are_facts(pool: Pool) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    for status in ("qualified", "contacted", "qualified"):
        await leads.set_status(pool, id, status, by=BUDI, version=None)
    await pool.execute("UPDATE lead_records SET created_at = now() - interval '3 hours'")
    await pool.execute(
        "UPDATE lead_changes AS c SET changed_at = now() - interval '1 hour' * (2 - n.n * 0.5) FROM ("
        "SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM lead_changes WHERE field = 'status') AS n WHERE n.id = c.id"
    )
    rows = await pool.fetch("SELECT * FROM lead_stages WHERE lead_id = $1 ORDER BY place", id)
    assert [(row["status"], row["actor"], round(row["seconds"] / 60)) for row in rows] == [
        ("new", None, 60), ("qualified", "user:budi", 30), ("contacted", "user:budi", 30), ("qualified", "user:budi", 60)
    ]  # fmt: skip
    assert [row["left_at"] for row in rows][:-1] == [row["entered_at"] for row in rows][1:]
    assert rows[-1]["left_at"] is None
