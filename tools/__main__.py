"""What dev.py runs in the environment that it made: `python -m tools`."""

import sys
from collections.abc import Sequence

from cli.main import run

COMMANDS = {
    "simulate": "a town's signed webhooks to a URL, a REST API to poll, and a ledger of both",
    "verify": "compare every row with what a ledger says it must be",
    "team": "what the sellers of the demo's story did with their leads",
    "users": "the users of the demo, a role each",
    "sql": "make store/mirror/upserts.sql from the merge rules of domain/types.py",
    "eval": "how well chats are read, on synthetic gold chats",
}
"""Each is a module of tools.commands, with `add(parser)` and `run(arguments)`."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run(given, COMMANDS, room="tools.commands", program="dev.py", about="Try a mirror out.")


if __name__ == "__main__":
    sys.exit(main())
