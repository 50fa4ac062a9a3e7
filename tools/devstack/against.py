"""`dev.py bench --against COMMIT`: this tree and another commit measured in turns, and the ratios between them.

Each runs its own benchmark on throw-away servers of the same kind. A machine has better and worse minutes: turns meet
both, and only ratios of medians say anything.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tools.devstack.environment import ROOT, RUN, refuse, say

MEASURES = ("limit", "catching up", "at rates")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--against", required=True, metavar="COMMIT", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default 5; about two minutes a turn)")
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measure alone; may be repeated")


def against(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    add(parser)
    given = parser.parse_args(arguments)
    other = _checkout(given.against)
    found: dict[str, list[dict[str, float]]] = {"this": [], given.against: []}
    for turn in range(given.rounds):
        for name, tree in (("this", ROOT), (given.against, other)):
            say(f"turn {turn + 1} of {given.rounds}: {name}")
            found[name].append(_measured(tree, given.only or list(MEASURES)))
    print(table(*found.values()))
    return 0


def _checkout(commit: str) -> Path:
    """A work tree of it, kept for the next time."""
    sha = _git("rev-parse", "--verify", f"{commit}^{{commit}}").strip()
    folder = RUN / "against" / sha[:12]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _git("worktree", "prune")
        _git("worktree", "add", "--detach", str(folder), sha)
    return folder


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        refuse(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def _measured(tree: Path, measures: list[str]) -> dict[str, float]:
    """The numbers of one round, each by its path."""
    folder = RUN / "against" / "found"
    command = [sys.executable, "dev.py", "bench", "--quick", "--keep", str(folder)]
    for name in measures:
        command += ["--only", name]
    done = subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        refuse(f"the benchmark of {tree} failed: run it by itself, python3 dev.py bench --quick")
    found = json.loads((folder / "latest.json").read_text())
    return dict(_numbers(found["rounds"][0]))


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _numbers(one, f"{path} {name}".strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, float(value)


def table(this: list[dict[str, float]], other: list[dict[str, float]]) -> str:
    """Medians and their ratio, for each number that both have."""
    lines = ["| measure | this | other | ratio | this, by turn | other, by turn |", "|---|---|---|---|---|---|"]
    for path in this[0]:
        ours, theirs = [one[path] for one in this if path in one], [one[path] for one in other if path in one]
        if theirs and median(theirs):
            turns = (" ".join(f"{one:g}" for one in values) for values in (ours, theirs))
            ratio = median(ours) / median(theirs)
            lines.append(f"| {path} | {median(ours):g} | {median(theirs):g} | {ratio:.2f} | {' | '.join(turns)} |")
    return "\n".join(lines)
