"""`dev.py docs`: what in docs/ is made from the code, made anew."""

import subprocess
import tempfile
from pathlib import Path

from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.stack import Stack, ended_by_signals

DOCS = ROOT / "docs"
EVENTS_HEAD = "| event | becomes |"
PRINT_EVENTS = "from kapso.events import table; print(table())"


def docs(_: list[str]) -> int:
    """The table of events, the OpenAPI document, and the data dictionary (read from a throw-away Postgres)."""
    RUN.mkdir(exist_ok=True)
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="docs-", dir=RUN) as folder:
        stack = Stack(Path(folder), durable=False)
        try:
            stack.start_servers()
            stack.migrate()
            given = stack.full_environment() | {"PYTHONPATH": str(ROOT)}
            _write(DOCS / "events.md", _with_table((DOCS / "events.md").read_text(), _said(given, "-c", PRINT_EVENTS)))
            _write(DOCS / "openapi.json", _said(given, "-m", "cli", "openapi"))
            _write(DOCS / "data-dictionary.md", _said(given, "-m", "cli", "dictionary"))
        finally:
            stack.discard()
    return 0


def _said(given: dict[str, str], *command: str) -> str:
    return subprocess.run([PYTHON, *command], cwd=ROOT, env=given, check=True, capture_output=True, text=True).stdout


def _with_table(text: str, table: str) -> str:
    """The page, its table of events replaced."""
    before, _, behind = text.partition(EVENTS_HEAD)
    _, gap, rest = behind.partition("\n\n")
    return before + table.rstrip("\n") + gap + rest


def _write(path: Path, text: str) -> None:
    unchanged = path.read_text(encoding="utf-8") == text
    path.write_text(text, encoding="utf-8")
    say(f"{path.relative_to(ROOT)}: {'unchanged' if unchanged else 'written'}")
