"""`mirror migrate`: bring the database to the newest schema, or back."""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
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


def lost(config: Config, target: str, current: str | None = None) -> list[str]:
    """Tables and columns, with their contents, that the way down from `current` (default: head) to `target` drops."""
    found: list[str] = []
    for revision in ScriptDirectory.from_config(config).walk_revisions(head=current or "heads"):
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
        done = _migrate(arguments, url)
        if done.code or not arguments.check:
            return _answer(done, arguments)
        if not arguments.json:
            _answer(done, arguments)
        return check.release(arguments, done.answer)
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


class MigrateResult(NamedTuple):
    """Exit code, the line for people, and the answer as JSON (empty if an error was printed)."""

    code: int
    line: str = ""
    answer: Mapping[str, object] = MappingProxyType({})


def _answer(done: MigrateResult, arguments: argparse.Namespace) -> int:
    if arguments.json and done.answer:
        print(json.dumps(dict(done.answer)))
    elif done.line:
        print(done.line)
    return done.code


def _migrate(arguments: argparse.Namespace, url: str) -> MigrateResult:
    config, before = _config(), asyncio.run(_before(url))
    target = SCHEMA if arguments.revision == "head" else arguments.revision
    if target != "base":
        ScriptDirectory.from_config(config).get_revision(target)  # or CommandError
    if target == SCHEMA and not arguments.down and before.revision and before.revision > SCHEMA:
        return _newer_schema(before.revision)
    if wrong := _refusal(before, target, down=arguments.down, is_head=arguments.revision == "head"):
        print(wrong, file=sys.stderr)
        return MigrateResult(2)
    drops = lost(config, target, before.revision) if arguments.down else []
    if arguments.down and not arguments.go:
        counted = asyncio.run(_counted(url, drops))
        lines = [f"Going down from {before.revision} to {target} would drop:", *(counted or ["nothing"]),
                 "Nothing was done. With --go it is done."]  # fmt: skip
        return MigrateResult(0, "\n".join(lines), {"revision": before.revision, "to": target, "would_drop": counted})
    for what in drops:
        print(f"going down drops {what}", file=sys.stderr)
    began = time.monotonic()
    config.attributes["database_url"] = url
    (command.downgrade if arguments.down else command.upgrade)(config, target)
    seconds = round(time.monotonic() - began, 1)
    answer = {"revision": target, "from": before.revision, "seconds": seconds}
    way = "was there already" if before.revision == target else f"came from {before.revision or 'nothing'}"
    return MigrateResult(0, f"the database is at {target}; it {way} ({seconds} s)", answer)


def _newer_schema(revision: str) -> MigrateResult:
    """Report a newer schema with exit code 0: after a rollback, the older release works with it."""
    print(
        f"This release knows the schema up to {SCHEMA}, and the database is at {revision}, of a newer release. It"
        " works with it; nothing was changed. To go down for good, with the newer release: mirror migrate"
        f" {SCHEMA} --down",
        file=sys.stderr,
    )
    return MigrateResult(0, answer={"revision": revision, "from": revision, "seconds": 0.0})


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
