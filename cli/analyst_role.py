"""`mirror analyst-role`: a Postgres role that can read data about customers and change none."""

import argparse
import asyncio
import json
import sys
from urllib.parse import urlsplit

import asyncpg

from cli.stores import CONNECT_SECONDS, run_reporting_store_errors
from config.environment import load
from config.stores import DatabaseSettings
from store.access import analysts
from store.access.analysts import NotOurs

EPILOG = """examples:
  mirror analyst-role reports                  create the role; prints the password once
  mirror analyst-role reports                  after an upgrade: grant new relations
  mirror analyst-role reports --new-password
  mirror analyst-role reports --print          print the SQL, to run it as another role
  mirror analyst-role reports --drop

The role can read leads, their stages and history, contacts, chats, customers, handoffs (without session_id) and
tickets. It cannot read users, sessions, API keys or raw deliveries, and it cannot change rows. The default statement
timeout is five minutes; a session can change it. Like every Postgres role, it can hold advisory locks and so block the
mirror; mirror status names the blocking process. Give it only to people whom you trust with all chats.
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="of the role")
    parser.add_argument("--new-password", action="store_true", help="set a new password")
    parser.add_argument("--print", dest="printed", action="store_true", help="print the SQL and change nothing")
    parser.add_argument("--drop", action="store_true", help="remove the role")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    url = load(DatabaseSettings).database_url.get_secret_value()
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        return await _done(connection, arguments, url)
    except NotOurs as error:
        print(error, file=sys.stderr)
    except asyncpg.InsufficientPrivilegeError as error:
        print(
            f"The role of DATABASE_URL cannot create roles ({error}). Run the SQL as a role with CREATEROLE: mirror"
            f" analyst-role {arguments.name} --print | psql …",
            file=sys.stderr,
        )
    finally:
        await connection.close()
    return 1


async def _done(connection: asyncpg.Connection, arguments: argparse.Namespace, url: str) -> int:
    name = arguments.name
    if arguments.printed:
        print(*(f"{one};" for one in await analysts.statements(connection, name, None)), sep="\n")
        print(f"\\password {name}")
        return 0
    if arguments.drop:
        dropped = await analysts.drop(connection, name)
        said = f"dropped the role {name}" if dropped else f"there is no role {name}"
        print(json.dumps({"dropped": dropped}) if arguments.json else said)
        return 0
    password = await analysts.grant(connection, name, new_password=arguments.new_password)
    parts = urlsplit(url)
    where = f"postgresql://{name}:{password or '…'}@{parts.hostname or ''}:{parts.port or 5432}{parts.path}"
    if arguments.json:
        print(json.dumps({"role": name, "password": password, "relations": list(analysts.GRANTED)}))
        return 0
    print(f"{name} can read {len(analysts.GRANTED)} tables and views")
    print(f"  {where}")
    if password:
        print("Store the password now: it is not shown again.", file=sys.stderr)
    return 0
