"""The table of subcommands. Exit codes: 0 fine, 1 found something, 2 used wrongly."""

import argparse
import sys
from collections.abc import Sequence

from config import logs
from console import dead_letters, migrate, reconcile, replay, simulate, status, verify, webhooks

COMMANDS = (
    ("migrate", migrate, "bring the database to the newest schema, or back"),
    ("status", status, "what waits, how old the oldest is, rates, the last error"),
    ("dead-letters", dead_letters, "look at what failed for good, replay it, or put it aside"),
    ("replay", replay, "apply stored deliveries again, dead or not: first a dry run, with --go for real"),
    ("reconcile", reconcile, "compare with Kapso over REST, and repair what is missing or stale here"),
    ("webhooks", webhooks, "check | register | resume what Kapso pushes to"),
    ("verify", verify, "compare every row with what a ledger says it must be"),
    ("simulate", simulate, "post a town's signed webhooks to a URL, and write a ledger of them"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    logs.configure("ERROR", sys.stderr)
    parser = argparse.ArgumentParser(prog="mirror", description="Look after a live Postgres mirror of Kapso.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module, what in COMMANDS:
        sub = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        module.add(sub)
        sub.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    code: int = parsed.run(parsed)
    return code
