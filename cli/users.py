"""`mirror users`: who may sign in to the dashboard."""

import argparse
import asyncio
import getpass
import json
import sys

import asyncpg

from cli.stores import database, run_reporting_store_errors
from store.access import accounts, second_factor
from store.access.account_changes import CONSOLE
from store.access.accounts import ROLES, LastAdmin
from store.access.passwords import BadPassword
from store.postgres import Pool


def add(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    commands.add_parser("list", help="who there is, with which role, last seen when")
    new = commands.add_parser("add", help="somebody new; the password is asked for, or read from standard input")
    new.add_argument("name", help="lower case letters, digits, . _ -")
    new.add_argument("--role", choices=ROLES, default="sales", help="default sales")
    role = commands.add_parser("role", help="another role for somebody; ends their sessions")
    role.add_argument("name")
    role.add_argument("role", choices=ROLES)
    for action, what in (
        ("password", "another password; ends their sessions"),
        ("disable", "no more sign-in; ends their sessions"),
        ("enable", "sign-in again; ends their sessions"),
        ("second-factor", "remove the second factor of somebody who lost the app"),
    ):
        commands.add_parser(action, help=what).add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        if arguments.action == "list":
            return await _list(pool, as_json=arguments.json)
        try:
            return await _change(pool, arguments)
        except (BadPassword, LastAdmin) as error:
            print(error, file=sys.stderr)
        except asyncpg.UniqueViolationError:
            print(f"there is a user {arguments.name} already", file=sys.stderr)
        except asyncpg.CheckViolationError:
            print("a name has lower case letters, digits, . _ - and begins with a letter or digit", file=sys.stderr)
    return 2


async def _change(pool: Pool, arguments: argparse.Namespace) -> int:
    name, action = arguments.name, arguments.action
    if action == "add":
        await accounts.add_user(pool, name, arguments.role, _password())
        print(json.dumps({"added": name}) if arguments.json else f"{name} may sign in as {arguments.role}")
        return 0
    if action == "second-factor":
        return await _without_second_factor(pool, name, as_json=arguments.json)
    found = await accounts.change_user(
        pool,
        name,
        role=arguments.role if action == "role" else None,
        password=_password() if action == "password" else None,
        disabled={"disable": True, "enable": False}.get(action),
    )
    if not found:
        print(f"there is no user {name}", file=sys.stderr)
        return 1
    print(json.dumps({"changed": name}) if arguments.json else f"{name} was changed")
    return 0


async def _without_second_factor(pool: Pool, name: str, *, as_json: bool) -> int:
    if not await second_factor.remove(pool, name, by=CONSOLE):
        print(f"{name} has no second factor", file=sys.stderr)
        return 1
    print(json.dumps({"changed": name}) if as_json else f"{name} signs in with the password alone")
    return 0


async def _list(pool: Pool, *, as_json: bool) -> int:
    rows = await accounts.users(pool)
    if as_json:
        print(json.dumps({"users": [dict(row) for row in rows]}, default=str))
        return 0
    for row in rows:
        seen = f"seen {row['seen_at']:%Y-%m-%d %H:%M}" if row["seen_at"] else "not signed in"
        factor = ", with a second factor" if row["has_second_factor"] else ""
        print(f"{row['name']:<24}{row['role']:<10}{'disabled' if row['disabled_at'] else seen}{factor}")
    if not rows:
        print("no users yet: mirror users add NAME --role admin")
    return 0


def _password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
