"""`mirror api-keys`: keys by which programs use the JSON API."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

import asyncpg

from cli.numbers import whole
from cli.stores import database, run_reporting_store_errors
from store.access import api_keys
from store.access.api_keys import SCOPES
from store.postgres import Pool

EPILOG = """examples:
  mirror api-keys add orchestrator --scope leads:read --scope leads:write
  mirror api-keys add report --scope leads:read --days 30
  mirror api-keys revoke 1f2e3d4c5b6a

To change a key for another: add a second one of the same name, give it to the program, revoke the first.
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    commands.add_parser("list", help="list keys, scopes and last use")
    new = commands.add_parser("add", help="a new one; it is shown once and never again")
    new.add_argument("name", help="of the program: lower case letters, digits, . _ -")
    new.add_argument(
        "--scope", action="append", choices=SCOPES, required=True, help="what it may do; give it again for more"
    )
    new.add_argument("--days", type=whole(1, 36_500), help="days until the key expires (default: it never expires)")
    commands.add_parser("revoke", help="end one, by its id").add_argument("id")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        return await ACTIONS[arguments.action](pool, arguments)


async def _add(pool: Pool, arguments: argparse.Namespace) -> int:
    expires_at = datetime.now(UTC) + timedelta(days=arguments.days) if arguments.days else None
    try:
        key = await api_keys.add(pool, arguments.name, arguments.scope, expires_at=expires_at)
    except asyncpg.CheckViolationError:
        print("a name has lower case letters, digits, . _ - and begins with a letter or digit", file=sys.stderr)
        return 2
    print(json.dumps({"key": key}) if arguments.json else key)
    if sys.stderr.isatty():
        print("Keep it now: only a hash of it is stored.", file=sys.stderr)
    return 0


async def _revoke(pool: Pool, arguments: argparse.Namespace) -> int:
    if not await api_keys.revoke(pool, arguments.id):
        print(f"There is no active key {arguments.id}.", file=sys.stderr)
        return 1
    print(json.dumps({"revoked": arguments.id}) if arguments.json else f"{arguments.id} is revoked")
    return 0


async def _list(pool: Pool, arguments: argparse.Namespace) -> int:
    rows = await api_keys.keys(pool)
    if arguments.json:
        print(json.dumps({"keys": [dict(row) for row in rows]}, default=str))
        return 0
    for row in rows:
        used = f"used {row['last_used_at']:%Y-%m-%d %H:%M}" if row["last_used_at"] else "never used"
        state = "revoked" if row["revoked_at"] else "expired" if _is_over(row) else used
        print(f"{row['id']}  {row['name']:<20}{state:<24}{' '.join(row['scopes'])}")
    if not rows:
        print("no keys yet: mirror api-keys add NAME --scope leads:read")
    return 0


def _is_over(row: asyncpg.Record) -> bool:
    return row["expires_at"] is not None and row["expires_at"] < datetime.now(UTC)


ACTIONS = {"add": _add, "revoke": _revoke, "list": _list}
