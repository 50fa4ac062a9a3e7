"""The mirror command. Exit codes: 0 success; 1 a problem, failure or no result; 2 wrong arguments or settings."""

import sys
from collections.abc import Mapping, Sequence

from cli.parser import ABOUT, COMMANDS, build
from config import logs


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run(given, COMMANDS, room="cli", program="mirror", about=ABOUT)


def run(given: list[str], table: Mapping[str, str], *, room: str, program: str, about: str) -> int:
    """Do what `given` asks for: a command of the table, each a module of the room."""
    logs.configure("ERROR", sys.stderr)
    if given[:1] == ["--json"]:  # it is an option of the commands, and works in front of them too
        given = [*given[1:], "--json"]
    # Only the one that is asked for is loaded: the others' libraries would double the time to start.
    parsed = build(table, given[:1], room=room, program=program, about=about).parse_args(given)
    code: int = parsed.run(parsed)
    return code
