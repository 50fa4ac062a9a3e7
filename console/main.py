"""The table of subcommands. Exit codes: 0 fine, 1 found something, 2 used wrongly."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from config import logs

COMMANDS = {
    "migrate": "bring the database to the newest schema, or back",
    "status": "what waits, how old the oldest is, how fresh and complete the mirror is, what needs a person",
    "dead-letters": "look at what failed for good, replay it, or put it aside",
    "replay": "apply stored deliveries again, dead or not: first a dry run, with --go for real",
    "reconcile": "compare with Kapso over REST, and repair what is missing or stale here",
    "webhooks": "check | register | resume what Kapso pushes to",
    "leads": "the lead list: who, where, how warm and why",
    "read-chats": "read the chats with something new now, instead of at the next half minute",
    "eval": "how well chats are read, on synthetic gold chats",
    "export": "all that is stored of one person, as JSON",
    "erase": "one person, everywhere, for good",
    "prune": "drop what is older than the retention settings say",
    "knowledge": "articles that people and agents look things up in: import | forget | search | status",
    "mcp": "the tools for AI agents over standard input and output",
    "users": "who may sign in to the dashboard, and as what",
    "api-keys": "keys by which programs use the JSON API",
    "openapi": "the JSON API as an OpenAPI document",
    "verify": "compare every row with what a ledger says it must be",
    "simulate": "a town's signed webhooks to a URL, a REST API to poll, and a ledger of both",
}
"""Each is a module of this room, with `add(parser)` and `run(arguments)`."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    logs.configure("ERROR", sys.stderr)
    parser = argparse.ArgumentParser(prog="mirror", description="Look after a live Postgres mirror of Kapso.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        sub = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        if name in given[:1]:
            # Only the one that is asked for: the others' libraries would double the time to start.
            module = importlib.import_module(f"console.{name.replace('-', '_')}")
            module.add(sub)
            sub.set_defaults(run=module.run)
    parsed = parser.parse_args(given)
    code: int = parsed.run(parsed)
    return code
