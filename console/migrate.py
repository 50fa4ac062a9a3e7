"""`mirror migrate`: bring the database to the newest schema, or back."""

import argparse
import json
from pathlib import Path

from alembic import command
from alembic.config import Config

from config.settings import DatabaseSettings, load

ROOT = Path(__file__).resolve().parent.parent


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", nargs="?", default="head", help="head (default), or a revision to go to")
    parser.add_argument("--down", action="store_true", help="go down to that revision; `base` removes everything")


def run(arguments: argparse.Namespace) -> int:
    """Waits while somebody else migrates."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["database_url"] = load(DatabaseSettings).database_url.get_secret_value()
    (command.downgrade if arguments.down else command.upgrade)(config, arguments.revision)
    answer = {"revision": arguments.revision}
    print(json.dumps(answer) if arguments.json else f"the database is at {arguments.revision}")
    return 0
