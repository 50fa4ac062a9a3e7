"""`mirror analyst-role`: a role of Postgres that reads what is about customers, and can change nothing."""

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
  mirror analyst-role reports                  make it; its password is shown once
  mirror analyst-role reports                  again, after an upgrade: it may read what is new
  mirror analyst-role reports --new-password
  mirror analyst-role reports --print          the SQL, for a role that may create roles
  mirror analyst-role reports --drop

The role reads leads, their stages and history, contacts, chats, customers, handoffs (without session_id) and tickets.
It reads no users, sessions, keys or raw deliveries, and changes no row. A statement ends after five minutes unless the
session says otherwise. Give it to people whom you trust with all chats: like every role it can hold advisory locks, and
with those it can keep the mirror waiting; mirror status names who does.
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="of the role")
    parser.add_argument("--new-password", action="store_true", help="another password for a role that there is")
    parser.add_argument("--print", dest="printed", action="store_true", help="print the SQL, and change nothing")
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
            f"{error}. The role of DATABASE_URL may not do that. Let one do it that may: mirror analyst-role"
            f" {arguments.name} --print | psql …",
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
        print(
            json.dumps({"dropped": dropped})
            if arguments.json
            else f"{name} {'is gone' if dropped else 'was not there'}"
        )
        return 0
    password = await analysts.grant(connection, name, new_password=arguments.new_password)
    parts = urlsplit(url)
    where = f"postgresql://{name}:{password or '…'}@{parts.hostname or ''}:{parts.port or 5432}{parts.path}"
    if arguments.json:
        print(json.dumps({"role": name, "password": password, "relations": list(analysts.GRANTED)}))
        return 0
    print(f"{name} may read {len(analysts.GRANTED)} tables and views")
    print(f"  {where}")
    if password:
        print("Keep the password now: it is not shown again.", file=sys.stderr)
    return 0
