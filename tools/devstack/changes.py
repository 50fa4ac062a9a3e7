"""Which tests a change asks for: those of the rooms that it touched."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tools.devstack.environment import ROOT, refuse

TESTS = ROOT / "tests"
# What a change of a room may break elsewhere, cheap enough to be asked each time.
BESIDE = {
    "migrations": ("tests/store/test_readable.py",),
    "docs": ("tests/store/test_readable.py",),
    "kapso": ("tests/tools/simulator/test_checker.py",),
    "workers/drain/mapping": ("tests/tools/simulator/test_checker.py",),
    "domain/lead_fields.py": ("tests/web/api/test_api.py", "tests/web/mcp", "tests/web/desk/test_desk.py"),
}
DEEPEST = 2
"""Rooms inside rooms have tests of their own: web/desk, workers/extraction."""


def changed() -> list[str]:
    """Files that differ from the last commit, or, if none does, those of the last commit."""
    told = _git("status", "--porcelain", "--untracked-files=all")
    return [line[3:].split(" -> ")[-1] for line in told] or _git("diff", "--name-only", "HEAD~1")


def tests_of(paths: Sequence[str]) -> list[str]:
    """Folders and files of tests, as pytest takes them. Exits with 2 if no test belongs to the change."""
    found = {one for path in paths for one in _tests_of(PurePosixPath(path), TESTS)}
    if not found:
        refuse("No test belongs to what changed. Run all: python3 dev.py test")
    # What is made from the code is compared there.
    found.add("tests/project/test_files.py")
    found.update(*(BESIDE[room] for path in paths for room in BESIDE if PurePosixPath(path).is_relative_to(room)))
    return sorted(one for one in found if not any(one.startswith(f"{other}/") for other in found))


def _tests_of(path: PurePosixPath, tests: Path) -> Iterator[str]:
    if path.is_relative_to("kapso") or path.is_relative_to("tests/payloads") or "mapping" in path.parts:
        yield "tests/test_payloads.py"
    if path.is_relative_to("web/templates"):
        yield from _tests_of_template(path, tests)
        return
    if path.parts[0] == "tests":
        if path.name.startswith("test_") and (ROOT / path).exists():
            yield str(path)
        return
    for depth in range(min(DEEPEST, len(path.parts) - 1), 0, -1):
        room = "/".join(path.parts[:depth])
        if (tests / room).is_dir():
            yield f"tests/{room}"
            return
    yield "tests/project"


def _tests_of_template(path: PurePosixPath, tests: Path) -> Iterator[str]:
    """Those of the modules that render it, and what is asked of every page; all of the room, if no module names it."""
    modules = [one for one in (ROOT / "web").rglob("*.py") if f'"{path.name}"' in one.read_text(encoding="utf-8")]
    if not modules:
        yield "tests/web"
        return
    yield from ("tests/web/test_every_page.py", "tests/web/test_words.py")
    for module in modules:
        yield from _tests_of(PurePosixPath(module.relative_to(ROOT).as_posix()), tests)


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        refuse(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.splitlines()
