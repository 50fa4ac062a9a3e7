"""`python -m tools users`: create the users of the demo. In one process, as each start costs a second."""

import argparse
import asyncio
import json
import sys

import asyncpg

from cli.stores import database, run_reporting_store_errors
from store.access import accounts


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = 'Reads JSON from standard input: {"name": {"role": "sales", "password": "…"}, …}'


def run(arguments: argparse.Namespace) -> int:
    given: dict[str, dict[str, str]] = json.load(sys.stdin)
    return asyncio.run(run_reporting_store_errors(lambda: _create(given)))


async def _create(given: dict[str, dict[str, str]]) -> int:
    """Add each user. One that is left from an earlier start gets the password anew."""
    async with database() as pool:
        for name, one in given.items():
            try:
                await accounts.add_user(pool, name, one["role"], one["password"])
            except asyncpg.UniqueViolationError:
                await accounts.change_user(pool, name, password=one["password"])
    return 0
