"""The table of subcommands, and the parser that comes of it."""

import argparse
import importlib
from collections.abc import Collection, Mapping

from config.environment import version

ABOUT = "Look after a live Postgres mirror of Kapso."
COMMANDS = {
    "migrate": "bring the database to the newest schema, or back",
    "check": "read every setting, ask every store, and say what is wrong and what to do",
    "status": "what waits, how old the oldest is, how fresh and complete the mirror is, what needs a person",
    "dead-letters": "look at what failed for good, replay it, or put it aside",
    "replay": "apply stored deliveries again, dead or not: first a dry run, with --go for real",
    "reconcile": "compare with Kapso over REST, and repair what is missing or stale here",
    "losses": "accepted deliveries that Redis lost: list them, or acknowledge them",
    "hooks": "manage webhooks, Slack channels and e-mail addresses that get notifications",
    "webhooks": "check | register | resume what Kapso pushes to",
    "leads": "the lead list: who, where, how warm and why",
    "read-chats": "read the chats with something new now, instead of at the next half minute",
    "export": "all that is stored of one person, as JSON",
    "erase": "one person, everywhere, for good",
    "erasures": "the ledger of who was erased: export | restore; no backup brings anybody back",
    "prune": "drop what is older than the retention settings say",
    "knowledge": "articles that people and agents look things up in: import | forget | search | status",
    "mcp": "the tools for AI agents over standard input and output",
    "users": "who may sign in to the dashboard, and as what",
    "analyst-role": "a Postgres role that can read data about customers and change none",
    "api-keys": "keys by which programs use the JSON API",
    "completion": "a script by which a shell completes commands and options",
    "dictionary": "what each table, view and column is that people read by SQL",
    "openapi": "the JSON API as an OpenAPI document",
}
"""Each is a module of this room, with `add(parser)` and `run(arguments)`."""


def build(
    table: Mapping[str, str], loaded: Collection[str], *, room: str, program: str, about: str
) -> argparse.ArgumentParser:
    """Build the parser. Only the commands of `loaded` get their options: importing a command loads its libraries."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--version", action="version", version=f"{program} {version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in table.items():
        sub = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        if name in loaded:
            module = importlib.import_module(f"{room}.{name.replace('-', '_')}")
            module.add(sub)
            for action in _actions(sub):
                action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
            sub.set_defaults(run=module.run)
    return parser


def _actions(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The subcommands of a subcommand: options may stand behind them too."""
    # argparse has no public way to them.
    found = [one.choices for one in parser._actions if isinstance(one, argparse._SubParsersAction)]  # noqa: SLF001
    return [action for choices in found for action in (choices or {}).values()]
