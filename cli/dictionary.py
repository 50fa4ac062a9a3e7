"""`mirror dictionary`: describe the tables, views and columns for SQL users."""

import argparse
import asyncio
import json

from cli.stores import database, run_reporting_store_errors
from store.ops import dictionary


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Markdown, as docs/data-dictionary.md has it."


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        found = await dictionary.columns(pool)
    print(json.dumps([one._asdict() for one in found]) if arguments.json else dictionary.markdown(found), end="")
    return 0
