"""`mirror export`: all that is stored of one person, as JSON."""

import argparse
import asyncio
import getpass
import json
import sys
from pathlib import Path

from console.person import FORMS, meant
from console.stores import database, told
from store import export, leads


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", help=FORMS)
    parser.add_argument("--to", type=Path, help="a file to write (default: standard output)")
    parser.add_argument("--by", default=None, help="who exports, for the access log (default: the user of this system)")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(told(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        who = await meant(pool, arguments.contact)
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
