"""Every migration goes up, down and up again; the second schema is the first; all comes back in one transaction a step."""

import asyncio
import gzip
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.main import main
from cli.migrate import ROOT
from migrations import run_sql, schema
from store.ops import checks
from store.postgres import Pool
from tests.databases import execute, with_database

TABLES = """
    SELECT 'column' AS a, c.relname || '.' || t.attname AS b,
           concat_ws(' ', format_type(t.atttypid, t.atttypmod), t.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                     col_description(c.oid, t.attnum)) AS c
    FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = t.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'table', relname, concat_ws(' ', reloptions, obj_description(oid, 'pg_class')) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
OBJECTS = """
    SELECT 'function' AS a, p.oid::regprocedure::text AS b,
           concat_ws(E'\\n', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')) AS c
    FROM pg_proc AS p WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT 'view', relname, concat_ws(E'\\n', pg_get_viewdef(oid), obj_description(oid, 'pg_class'))
    FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column of a view', c.relname || '.' || t.attname, col_description(c.oid, t.attnum)
    FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attnum > 0
    WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""
HEAD_BEFORE_SCHEMA = Path(__file__).with_name("head_0020.sql.gz")
"""As pg_dump wrote a database of the last release whose revisions held views, functions and triggers; of 100 payloads."""


def found(url: str, *queries: str) -> list[tuple[str, str, str]]:
    """What stands in the database, in an order of its own."""

    async def read() -> list[tuple[str, str, str]]:
        connection = await asyncpg.connect(url)
        try:
            rows = [row for query in queries for row in await connection.fetch(query)]
            return sorted((str(kind), str(name), str(what)) for kind, name, what in rows)
        finally:
            await connection.close()

    return asyncio.run(read())


def tables(url: str) -> list[tuple[str, str, str]]:
    """Without the functions that indexes need."""
    return found(url, TABLES)


def everything(url: str) -> list[tuple[str, str, str]]:
    return found(url, TABLES, OBJECTS)


def test_up_down_up(server_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        assert main(["migrate"]) == 0
        first = everything(url)
        assert main(["migrate", "--down", "base", "--go"]) == 0
        assert [row for row in everything(url) if "alembic_version" not in str(row)] == []
        assert main(["migrate", "--json"]) == 0
        assert everything(url) == first
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (told["revision"], told["from"]) == (checks.SCHEMA, None)
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_each_step_down_is_where_the_one_before_had_come(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", url)
    steps = [f"{step + 1:04}" for step in range(int(checks.SCHEMA))]
    try:
        seen = []
        for step in steps:
            assert main(["migrate", step]) == 0
            seen.append(tables(url))
        for step, before in reversed([*zip(steps, seen, strict=True)][:-1]):
            assert main(["migrate", "--down", step, "--go"]) == 0
            assert tables(url) == before, step
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_failing_migration_leaves_nothing_behind_and_says_why(
    server_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    asyncio.run(execute(url, "CREATE TABLE dead_letters (taken text)"))
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        assert main(["migrate"]) == 1
        assert 'relation "dead_letters" already exists' in capsys.readouterr().err
        assert {name for kind, name, _ in tables(url) if kind == "table"} == {"dead_letters"}
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_database_of_the_release_before_upgrades_with_its_data(
    database: str, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = gzip.decompress(HEAD_BEFORE_SCHEMA.read_bytes()).decode()
    asyncio.run(execute(database, dump))
    asyncio.run(execute(database, "UPDATE public.lead_records SET read_to = NULL"))
    leads = "SELECT 'lead', id::text, to_jsonb(l)::text FROM public.lead_list AS l"
    before = found(database, leads)
    assert len(before) > 5
    assert main(["migrate"]) == 0
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    try:
        fresh = with_database(server_url, name)
        monkeypatch.setenv("DATABASE_URL", fresh)
        assert main(["migrate"]) == 0
        # A restored dump says the same with other brackets.
        assert [re.sub("[()]", "", str(one)) for one in everything(database)] == [
            re.sub("[()]", "", str(one)) for one in everything(fresh)
        ]
    finally:
        asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))
    unseen = """SELECT 'contact', c.id::text, '' FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
                WHERE c.heard_at > coalesce(r.read_to, '-infinity') AND NOT c.heard_lately"""
    assert found(database, unseen.replace("NOT ", "")) != []
    assert found(database, unseen) == [], "what extraction was to read is still to be read"
    columns = json.loads(before[0][2]).keys()
    after = [
        (kind, id, {name: value for name, value in json.loads(row).items() if name in columns})
        for kind, id, row in found(database, leads)
    ]
    assert after == [(kind, id, json.loads(row)) for kind, id, row in before], (
        "what the release before showed is as it was"
    )


def with_view(folder: Path, statement: str) -> Path:
    """A copy of the schema, with one view more."""
    for name in schema.FILES:
        (folder / name).write_text((schema.HERE / name).read_text())
    with (folder / "views.sql").open("a") as views:
        views.write(f"{statement};\n")
    return folder


def test_a_changed_view_is_created_anew_without_a_revision(database: str, tmp_path: Path) -> None:
    assert main(["migrate"]) == 0
    first = everything(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "HERE", with_view(tmp_path, "CREATE VIEW only_names AS SELECT name FROM leads"))
        assert main(["migrate"]) == 0
        assert "only_names" in str(everything(database))
        asyncio.run(execute(database, schema.drop()))  # as the revision of a release that has it no more would
    assert main(["migrate"]) == 0
    assert everything(database) == first


def test_a_view_of_a_column_without_its_revision_is_named(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            schema, "HERE", with_view(tmp_path, "CREATE VIEW shops AS SELECT r.opening_hours FROM lead_records AS r")
        )
        assert main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert ("column r.opening_hours does not exist" in told, "mirror migrate" in told) == (True, False)
    assert main(["migrate"]) == 0


def test_a_view_of_somebody_else_stops_the_upgrade_and_says_what_to_do(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    mine = "CREATE VIEW mine AS SELECT name FROM leads"
    asyncio.run(execute(database, mine, "DROP FUNCTION schema_fingerprint"))
    assert main(["migrate"]) == 1
    assert "view mine depends on view leads" in capsys.readouterr().err
    asyncio.run(execute(database, "DROP VIEW mine"))
    assert main(["migrate"]) == 0


@pytest.fixture
def database(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, at no revision; DATABASE_URL names it."""
    name = f"test_{secrets.token_hex(6)}"
    url = with_database(server_url, name)
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", url)
    yield url
    asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def reader(url: str) -> Iterator[None]:
    """A long transaction that has read messages, in a thread of its own."""
    begun, enough = threading.Event(), threading.Event()

    async def read() -> None:
        connection = await asyncpg.connect(url)
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetch("SELECT FROM messages")
        begun.set()
        await asyncio.to_thread(enough.wait, 60)
        await transaction.rollback()
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(read()))
    thread.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_a_long_transaction_makes_a_migration_wait_and_nobody_else(
    database: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_sql, "LOCK_TIMEOUT", "300ms")
    assert main(["migrate", "0013"]) == 0
    monkeypatch.setattr(run_sql, "PAUSE_SECONDS", 0.2)
    with ThreadPoolExecutor() as threads, reader(database):
        migrating = threads.submit(main, ["migrate"])
        waits: list[float] = []
        said = ""
        while "trying again (2 of" not in said and len(waits) < 10_000:
            said += capfd.readouterr().err
            begun = time.monotonic()
            asyncio.run(execute(database, "SELECT FROM messages"))
            waits.append(time.monotonic() - begun)
        assert max(waits) < 1.5
    assert migrating.result() == 0
    assert main(["migrate", "--down", "0013", "--go"]) == 0


def test_a_migration_that_gets_no_lock_says_what_to_do(
    database: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_sql, "LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(run_sql, "PAUSE_SECONDS", 0.01)
    assert main(["migrate", "0013"]) == 0
    with reader(database):
        assert main(["migrate"]) == 1
    said = capfd.readouterr().err
    assert "trying again (11 of 12)" in said
    assert "run mirror migrate again" in said
    assert "Traceback" not in said


def test_two_migrations_at_once_do_not_wait_for_each_other_for_ever(database: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([sys.executable, "-m", "cli", "migrate"], env=environment) for _ in range(2)]
    try:
        assert [one.wait(60) for one in both] == [0, 0]
    finally:
        for one in both:
            one.kill()


OLD_STOP = """
    INSERT INTO sightings (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, alone, contested,
                           marketing_preference, marketing_sequence, marketing_preference_at)
    VALUES ('+628', '', now(), now(), true, false, false, true, false, 'stopped', 7, now())
"""


async def test_what_the_release_before_writes_beside_this_one_counts(pool: Pool) -> None:
    await pool.execute(OLD_STOP)
    await pool.execute("UPDATE sightings SET marketing_preference = 'resumed', marketing_sequence = 8")
    await pool.execute("UPDATE sightings SET marketing_preference = 'stopped', marketing_sequence = 6")
    assert [tuple(row) for row in await pool.fetch("SELECT preference, sequence FROM preference_sightings")] == [
        ("resumed", 8)
    ]

    contact = await pool.fetchval("INSERT INTO contacts (id) VALUES (gen_random_uuid()) RETURNING id")
    await pool.execute("INSERT INTO messages (id, group_id) VALUES ('wamid.1', 'g1')")
    await pool.execute("UPDATE messages SET contact_id = $1", contact)
    assert await pool.fetchval("SELECT contact_id FROM messages") is None


def test_numbers_that_kept_their_trunk_zero_are_repaired_and_pairs_are_listed(
    database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """As the release before wrote them: one who was entered with +62 (0) 812… and then wrote, one who was corrected."""
    assert main(["migrate", "0015"]) == 0

    async def write() -> None:
        connection = await asyncpg.connect(database)
        begin = "INSERT INTO lead_records (contact_id) SELECT id FROM contacts ON CONFLICT DO NOTHING"
        for n, (phone, wa_id) in enumerate(
            (("+62081277770001", None), ("+6281277770001", "6281277770001"), ("+6281200000003", "6281200000003"))
        ):
            await connection.execute("INSERT INTO contacts (id, phone, wa_id, name) VALUES ($1, $2, $3, $4)",
                                     uuid.UUID(int=n + 1), phone, wa_id, f"Person {n}")  # fmt: skip
        await connection.execute(begin)
        await connection.execute("UPDATE lead_records SET phone = '+62081266660009', estimated_value = 99000000000"
                                 " WHERE contact_id = $1", uuid.UUID(int=3))  # fmt: skip
        await connection.close()

    async def read() -> list[list[tuple[Any, ...]]]:
        connection = await asyncpg.connect(database)
        numbers = await connection.fetch("SELECT name, phone FROM leads ORDER BY name")
        pairs = await connection.fetch("SELECT name, other_name, phone FROM leads_of_one_number")
        notes = await connection.fetch("SELECT text FROM lead_notes")
        await connection.close()
        return [list(map(tuple, rows)) for rows in (numbers, pairs, notes)]

    asyncio.run(write())
    assert main(["migrate"]) == 0
    assert "1 pairs of leads have one number" in capfd.readouterr().out
    numbers, pairs, notes = asyncio.run(read())
    assert numbers == [("Person 0", "+6281277770001"), ("Person 1", "+6281277770001"), ("Person 2", "+6281266660009")]
    assert [set(pair[:2]) for pair in pairs] == [{"Person 0", "Person 1"}]
    assert "99000000000" in str(notes[0])
    assert main(["migrate", "--down", "0013", "--go"]) == 0
    said = capfd.readouterr().err
    for lost in (
        "the table message_edits",
        "the table inbox_losses",
        "the column messages.group_id",
        "the column deliveries.dropped",
    ):
        assert f"going down drops {lost}" in said, said
