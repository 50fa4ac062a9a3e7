"""`mirror export`: all that is stored of one person, as JSON."""

import argparse
import asyncio
import getpass
import json
import sys
from pathlib import Path

from cli.person import FORMS, find_person
from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.stores import DatabaseSettings
from store.leads import leads
from store.privacy import export


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", help=FORMS)
    parser.add_argument("--to", type=Path, help="a file to write (default: standard output)")
    parser.add_argument("--by", default=None, help="who exports, for the access log (default: the user of this system)")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    if arguments.to is not None:
        try:
            arguments.to.touch(mode=0o600)
        except OSError as error:
            print(f"{arguments.to} can't be written: {error.strerror}", file=sys.stderr)
            return 2
    async with database() as pool:
        who = await find_person(pool, arguments.contact, load(DatabaseSettings).phones)
        if isinstance(who, int):
            return who
        await leads.log_access(pool, who.lead_id, arguments.by or f"user:{getpass.getuser()}", "export")
        found = await export.everything(pool, who)
    text = json.dumps(found, ensure_ascii=False, indent=None if arguments.json else 2)
    if arguments.to is None:
        print(text)
        return 0
    arguments.to.write_text(text + "\n", encoding="utf-8")
    print(
        f"{sum(len(rows) for rows in found.values())} rows of {len(found)} tables are in {arguments.to}",
        file=sys.stderr,
    )
    return 0
