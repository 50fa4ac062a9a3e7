"""`mirror migrate`: bring the database to the newest schema, or back."""

import argparse
import json
import re
import sys
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from config.environment import load
from config.settings import DatabaseSettings

DROPPED_TABLES = re.compile(r"^DROP TABLE (?:IF EXISTS )?([^;]+?)(?: CASCADE)?;", re.MULTILINE)
ALTERED = re.compile(r"^ALTER TABLE (\w+)([^;]*);", re.MULTILINE)
DROPPED_COLUMNS = re.compile(r"DROP COLUMN (?:IF EXISTS )?(\w+)")
ROOT = Path(__file__).resolve().parent.parent


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", nargs="?", default="head", help="head (default), or a revision to go to")
    parser.add_argument("--down", action="store_true", help="go down to that revision; `base` removes everything")


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
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["database_url"] = load(DatabaseSettings).database_url.get_secret_value()
    if arguments.down and arguments.revision == "head":
        print(
            "Name the revision to go down to: mirror migrate 0013 --down, or base to remove everything.",
            file=sys.stderr,
        )
        return 2
    if arguments.down:
        for what in lost(config, arguments.revision):
            print(f"going down drops {what}", file=sys.stderr)
    try:
        (command.downgrade if arguments.down else command.upgrade)(config, arguments.revision)
    except CommandError as error:
        print(f"{error}. The revisions are those of migrations/versions.", file=sys.stderr)
        return 2
    except asyncpg.LockNotAvailableError:
        print(
            "A table stayed in use by a long transaction; the steps before are done. End that transaction (mirror "
            "status names idle ones; pg_stat_activity shows all) and run mirror migrate again.",
            file=sys.stderr,
        )
        return 1
    except asyncpg.DependentObjectsStillExistError as error:
        print(
            f"A view or function of yours depends on one of the mirror's ({error.detail}). Drop it, run mirror migrate "
            "again, and create it anew.",
            file=sys.stderr,
        )
        return 1
    answer = {"revision": arguments.revision}
    print(json.dumps(answer) if arguments.json else f"the database is at {arguments.revision}")
    return 0
