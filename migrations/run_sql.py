"""Run the .up.sql and .down.sql that stand beside a revision.

Usually several statements a file, in one transaction. `*_beside_writers` runs each statement in a transaction of its
own, for indexes that are built while the mirror writes; such a file holds no function bodies, and may be run again from
the first statement.
"""

from pathlib import Path

import asyncpg
from alembic import op
from sqlalchemy.engine import Connection

from migrations import schema

# A table that a long transaction uses is asked for so long, so often, with a pause in which those who queued behind the
# request go on.
LOCK_TIMEOUT = "5s"
ATTEMPTS = 12
PAUSE_SECONDS = 2.0
FILL = """
DO $$
DECLARE
    after uuid := '00000000-0000-0000-0000-000000000000';
    ids uuid[];
BEGIN
    LOOP
        ids := ARRAY(SELECT t.id FROM TABLE AS t WHERE t.id > after ORDER BY t.id LIMIT 2000 FOR NO KEY UPDATE);
        EXIT WHEN cardinality(ids) = 0;
        UPDATE_THEM;
        after := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


def up(revision_file: str) -> None:
    _run(Path(revision_file).with_suffix(".up.sql"))


def down(revision_file: str) -> None:
    """The release that has the tables of before creates its own views, functions and triggers: its `mirror migrate`."""
    drop_schema()
    _run(Path(revision_file).with_suffix(".down.sql"))


def up_beside_writers(revision_file: str) -> None:
    _run_one_by_one(Path(revision_file).with_suffix(".up.sql"))


def down_beside_writers(revision_file: str) -> None:
    _run_one_by_one(Path(revision_file).with_suffix(".down.sql"))


def fill(table: str, update: str) -> None:
    """Run `update` for all rows of `table`, 2,000 in a transaction; in it, `ids` is the array of their ids.

    They are locked first: `update` sees what was committed before.
    """
    with op.get_context().autocommit_block():
        execute(op.get_bind(), FILL.replace("TABLE", table).replace("UPDATE_THEM", update))


def drop_schema() -> None:
    """Drop all views, functions and triggers; the last revision creates them again."""
    execute(op.get_bind(), f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {schema.drop()}")


def create_schema(bind: Connection) -> None:
    """Drop all views, functions and triggers, and create them as they are today."""
    execute(bind, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {schema.drop()} {schema.create()}")


def _run(path: Path) -> None:
    execute(op.get_bind(), f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    execute(op.get_bind(), path.read_text(encoding="utf-8"))


def _run_one_by_one(path: Path) -> None:
    with op.get_context().autocommit_block():
        for statement in path.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                execute(op.get_bind(), statement)


def execute(bind: Connection, script: str) -> None:
    """Several statements, as they are."""
    # The driver's adapter begins its transaction with the first statement it sees itself.
    bind.exec_driver_sql("SELECT 1")
    adapted = bind.connection.dbapi_connection
    assert adapted is not None

    async def run(connection: asyncpg.Connection) -> None:
        await connection.execute(script)

    adapted.run_async(run)
