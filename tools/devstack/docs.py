"""`dev.py docs`: what in docs/ is made from the code, made anew."""

import subprocess
import tempfile
from pathlib import Path

from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.stack import Stack, ended_by_signals

DOCS = ROOT / "docs"
TABLES = {
    "events.md": ("| event | becomes |", "from kapso.events import table; print(table())"),
    "extraction.md": ("| field | precision |", "from tools.commands.eval import table; print(table())"),
}
"""By page: how a table that is made from the code begins, and what prints it."""


def docs(_: list[str]) -> int:
    """The tables of events and of how well chats are read, the OpenAPI document, and the data dictionary.

    The data dictionary is read from a throw-away Postgres.
    """
    RUN.mkdir(exist_ok=True)
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="docs-", dir=RUN) as folder:
        stack = Stack(Path(folder), durable=False)
        try:
            stack.start_servers()
            stack.migrate()
            given = stack.full_environment() | {"PYTHONPATH": str(ROOT)}
            for name, (head, print_table) in TABLES.items():
                _write(DOCS / name, _with_table((DOCS / name).read_text(), head, _said(given, "-c", print_table)))
            _write(DOCS / "openapi.json", _said(given, "-m", "cli", "openapi"))
            _write(DOCS / "data-dictionary.md", _said(given, "-m", "cli", "dictionary"))
        finally:
            stack.discard()
    return 0


def _said(given: dict[str, str], *command: str) -> str:
    return subprocess.run([PYTHON, *command], cwd=ROOT, env=given, check=True, capture_output=True, text=True).stdout


def _with_table(text: str, head: str, table: str) -> str:
    """The page, the table that begins with `head` replaced."""
    before, _, behind = text.partition(head)
    _, gap, rest = behind.partition("\n\n")
    return before + table.rstrip("\n") + gap + rest


def _write(path: Path, text: str) -> None:
    unchanged = path.read_text(encoding="utf-8") == text
    path.write_text(text, encoding="utf-8")
    say(f"{path.relative_to(ROOT)}: {'unchanged' if unchanged else 'written'}")
