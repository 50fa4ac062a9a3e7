"""Run the .up.sql and .down.sql that stand beside a revision: several statements a file, in one transaction."""

from pathlib import Path

from alembic import op


def up(revision_file: str) -> None:
    _run(Path(revision_file).with_suffix(".up.sql"))


def down(revision_file: str) -> None:
    _run(Path(revision_file).with_suffix(".down.sql"))


def _run(path: Path) -> None:
    bind = op.get_bind()
    # The driver's adapter begins its transaction with the first statement it sees itself.
    bind.exec_driver_sql("SELECT 1")
    script = path.read_text(encoding="utf-8")
    adapted = bind.connection.dbapi_connection
    assert adapted is not None
    adapted.run_async(lambda connection: connection.execute(script))
