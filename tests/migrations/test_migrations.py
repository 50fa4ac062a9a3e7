"""Every migration goes up, down and up again; the second schema is the first; all comes back in one transaction a step."""

import asyncio
import json
import secrets

import asyncpg
import pytest

from console.main import main
from store import concerns
from tests.conftest import execute, with_database

SCHEMA = """
    SELECT json_agg(t ORDER BY t.a, t.b, t.c) FROM (
        SELECT 'column' AS a, table_name || '.' || column_name AS b,
               concat_ws(' ', data_type, is_nullable, column_default, collation_name) AS c
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
                  WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'comment', objoid::regclass || '.' || objsubid, description FROM pg_description
                  WHERE classoid = 'pg_class'::regclass AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    ) AS t
"""


def schema(url: str) -> list[object]:
    async def read() -> list[object]:
        connection = await asyncpg.connect(url)
        try:
            return list(json.loads(await connection.fetchval(SCHEMA) or "[]"))
        finally:
            await connection.close()

    return asyncio.run(read())


def test_up_down_up(server_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        assert main(["migrate"]) == 0
        first = schema(url)
        assert main(["migrate", "--down", "base"]) == 0
        left = [row for row in schema(url) if "alembic_version" not in str(row)]
        assert left == []
        assert main(["migrate", "--json"]) == 0
        assert schema(url) == first
        assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"revision": "head"}
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_each_step_down_is_where_the_one_before_had_come(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", url)
    steps = [f"{step + 1:04}" for step in range(int(concerns.SCHEMA))]
    try:
        seen = []
        for step in steps:
            assert main(["migrate", step]) == 0
            seen.append(schema(url))
        for step, before in reversed([*zip(steps, seen, strict=True)][:-1]):
            assert main(["migrate", "--down", step]) == 0
            assert schema(url) == before, step
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_failing_migration_leaves_nothing_behind(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    asyncio.run(execute(url, "CREATE TABLE dead_letters (taken text)"))
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        with pytest.raises(asyncpg.DuplicateTableError):
            main(["migrate"])
        tables = {row["b"].split(".")[0] for row in schema(url) if isinstance(row, dict) and row["a"] == "column"}
        assert tables == {"dead_letters"}
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))
