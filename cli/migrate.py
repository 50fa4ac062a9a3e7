"""`mirror migrate`: bring the database to the newest schema, or back."""

import argparse
import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from cli import check
from cli.stores import CONNECT_SECONDS
from config.environment import load
from config.stores import DatabaseSettings
from store.faults import postgres_fault
from store.ops import checks
from store.ops.checks import EXTENSIONS, HALF_RESTORED, OLDEST_POSTGRES, SCHEMA
from store.postgres import STORE_ERRORS, statement

DROPPED_TABLES = re.compile(r"^DROP TABLE (?:IF EXISTS )?([^;]+?)(?: CASCADE)?;", re.MULTILINE)
ALTERED = re.compile(r"^ALTER TABLE (\w+)([^;]*);", re.MULTILINE)
DROPPED_COLUMNS = re.compile(r"DROP COLUMN (?:IF EXISTS )?(\w+)")
ROOT = Path(__file__).resolve().parent.parent
NOT_THERE = (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", nargs="?", default="head", help="head (default), or a revision to go to")
    parser.add_argument(
        "--down", action="store_true", help="go down to that revision; `base` removes everything. Says what would go"
    )
    parser.add_argument("--check", action="store_true", help="then check settings and servers, as mirror check does")
    parser.add_argument("--go", action="store_true", help="with --down: do it")


def lost(config: Config, target: str) -> list[str]:
    """Tables and columns, with what stands in them, that the way down to that revision drops."""
    found: list[str] = []
    for revision in ScriptDirectory.from_config(config).walk_revisions():
        if revision.revision == target:
            break
        text = Path(revision.path).with_suffix(".down.sql").read_text(encoding="utf-8")
        bare = re.sub(r"--.*", "", text)
        found += [f"the table {name.strip()}" for names in DROPPED_TABLES.findall(bare) for name in names.split(",")]
        found += [
            f"the column {table}.{column}"
            for table, changes in ALTERED.findall(bare)
            for column in DROPPED_COLUMNS.findall(changes)
        ]
    return found


def run(arguments: argparse.Namespace) -> int:
    """Waits while somebody else migrates, and a while for a table that a long transaction uses."""
    url = load(DatabaseSettings).database_url.get_secret_value()
    try:
        return _migrate(arguments, url) or (check.release(arguments) if arguments.check else 0)
    except CommandError as error:
        print(f"{error}. The revisions are those of migrations/versions.", file=sys.stderr)
        return 2
    except asyncpg.LockNotAvailableError:
        print(
            "A table stayed in use by a long transaction; the steps before are done. End that transaction (mirror "
            "status names idle ones; pg_stat_activity shows all) and run mirror migrate again.",
            file=sys.stderr,
        )
    except asyncpg.DependentObjectsStillExistError as error:
        print(
            f"A view or function of yours depends on one of the mirror's ({error.detail}). Drop it, run mirror migrate "
            "again, and create it anew.",
            file=sys.stderr,
        )
    except DBAPIError as error:  # what a migration met, wrapped twice
        print(_fault(_inner(error), url), file=sys.stderr)
    except (*STORE_ERRORS, ValueError) as error:
        print(_fault(error, url), file=sys.stderr)
    return 1


def _migrate(arguments: argparse.Namespace, url: str) -> int:
    config, before = _config(), asyncio.run(_before(url))
    target = SCHEMA if arguments.revision == "head" else arguments.revision
    if target != "base":
        ScriptDirectory.from_config(config).get_revision(target)  # or CommandError
    if target == SCHEMA and not arguments.down and before.revision and before.revision > SCHEMA:
        return _told_older(before.revision, as_json=arguments.json)
    if wrong := _refusal(before, target, down=arguments.down, is_head=arguments.revision == "head"):
        print(wrong, file=sys.stderr)
        return 2
    if arguments.down and not arguments.go:
        print(f"Going down from {before.revision} to {target} would drop:")
        print(*asyncio.run(_counted(url, lost(config, target))) or ["nothing"], sep="\n")
        print("Nothing was done. With --go it is done.")
        return 0
    for what in lost(config, target) if arguments.down else ():
        print(f"going down drops {what}", file=sys.stderr)
    began = time.monotonic()
    config.attributes["database_url"] = url
    (command.downgrade if arguments.down else command.upgrade)(config, target)
    seconds = round(time.monotonic() - began, 1)
    answer = {"revision": target, "from": before.revision, "seconds": seconds}
    way = "was there already" if before.revision == target else f"came from {before.revision or 'nothing'}"
    print(json.dumps(answer) if arguments.json else f"the database is at {target}; it {way} ({seconds} s)")
    return 0


def _told_older(revision: str, *, as_json: bool) -> int:
    """Report a newer schema with exit code 0: after a rollback, the older release works with it."""
    print(
        f"This release knows the schema up to {SCHEMA}, and the database is at {revision}, of a newer release. It"
        " works with it; nothing was changed. To go down for good, with the newer release: mirror migrate"
        f" {SCHEMA} --down",
        file=sys.stderr,
    )
    if as_json:
        print(json.dumps({"revision": revision, "from": revision, "seconds": 0.0}))
    return 0


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def _fault(error: Exception, url: str) -> str:
    if isinstance(error, NOT_THERE):
        return f"The schema of this release does not fit its revisions: {error}. A revision is missing."
    return postgres_fault(error, url)


def _inner(error: BaseException) -> Exception:
    """What Postgres raised, or the outermost where it raised nothing."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, asyncpg.PostgresError):
        inner = getattr(inner, "orig", None) or inner.__cause__
    return inner or RuntimeError(type(error).__name__)


class Before(NamedTuple):
    revision: str | None
    number: int
    """Of the server: 160004."""
    encoding: str
    is_half: bool
    """Restored in part: there are tables, and no revision."""


async def _before(url: str) -> Before:
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        is_ = await connection.fetchrow(statement("check_postgres"), list(EXTENSIONS))
        revision = await connection.fetchval(statement("check_revision")) if is_["has_schema"] else None
    finally:
        await connection.close()
    return Before(revision, is_["number"], is_["encoding"], is_["has_tables"] and not is_["has_schema"])


def _refusal(before: Before, target: str, *, down: bool, is_head: bool) -> str | None:
    """Why nothing is to be done, with what to do."""
    if before.number < OLDEST_POSTGRES:
        return f"This is PostgreSQL {before.number // 10_000}. The mirror needs PostgreSQL 16 or newer."
    if before.encoding != "UTF8":
        return (
            f"The database is in {before.encoding}, and messages hold every sign there is. Create it anew: CREATE"
            " DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    if before.is_half:
        return f"The database {HALF_RESTORED}"
    if down and is_head:
        return "Name the revision to go down to: mirror migrate 0013 --down, or base to remove everything."
    if not down and before.revision and target.isdigit() and target < before.revision:
        return f"The database is at {before.revision} already. To go down: mirror migrate {target} --down"
    return None


async def _counted(url: str, whats: list[str]) -> list[str]:
    """Each table and column that would be dropped, with how much it holds."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        counts = await checks.counted(connection, [what.split()[-1] for what in whats])
    finally:
        await connection.close()
    return [f"  {what}: {_amount(what, count)}" for what, count in zip(whats, counts, strict=True)]


def _amount(what: str, count: int | None) -> str:
    return "does not exist" if count is None else f"{count:,} {'values' if '.' in what else 'rows'}"
