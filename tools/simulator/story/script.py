"""Read the arcs and the cast of the story from arcs.toml and cast.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
SPANS: Final = {"m": 60, "h": 3600, "d": 86_400}
KINDS: Final = {">": "customer", "<": "bot", "!": "seller", "+": "pause", "=": "status", "#": "note"}
DETAILS: Final = ("ticket", "handoff", "snooze", "tags", "source", "value", "summary")
"""Keys of an arc that say what the team does with its lead."""
MEDIA: Final = ("shop", "receipt", "voice", "file")
# One of several wordings: {a|b}. A wording may hold a fact: {Hi {name}|Hello}.
CHOICE = re.compile(r"\{((?:[^{}]|\{[a-z]+\})*\|(?:[^{}]|\{[a-z]+\})*)\}")
LINE = re.compile(r"(?P<sign>[><!+=#])\s*(?:\[(?P<media>[a-z]+)\])?\s*(?P<text>.*)")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A line of an arc. `kind` is a value of KINDS. The `text` of a pause is its length. `media` is one of MEDIA."""

    kind: str
    text: str
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Arc:
    """A chat that `people` different people have. `ends` is the age of its last line in seconds; None is any time."""

    name: str
    people: int
    lines: Sequence[ScriptLine]
    ends: float | None = None
    owner: bool = False
    english: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """Values of the keys in DETAILS."""


def arcs() -> list[Arc]:
    """Return all arcs. Raises ValueError for a line that cannot be read."""
    found = []
    for one in tomllib.loads((FOLDER / "arcs.toml").read_text())["arc"]:
        lines = [_line(text) for text in one["lines"].strip().splitlines()]
        details = {name: one[name] for name in DETAILS if name in one}
        ends = seconds(one["ends"]) if "ends" in one else None
        english = one["name"] == "in English"
        found.append(Arc(one["name"], one["people"], lines, ends, one.get("owner", False), english, details))
    return found


def later() -> list[Sequence[ScriptLine]]:
    """Return short chats of people who come back."""
    found = tomllib.loads((FOLDER / "arcs.toml").read_text())["later"]
    return [[_line(text) for text in one["lines"].strip().splitlines()] for one in found]


def cast() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "cast.toml").read_text())


def seconds(text: str) -> float:
    """Convert 20m, 3h or 2d to seconds."""
    return float(text[:-1]) * SPANS[text[-1]]


def filled(text: str, facts: Mapping[str, str], rng: Random) -> str:
    """Return the text with one wording of each choice and with the person's facts."""
    while "|" in text:
        text = CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text)
    return text.format(**facts)


def _line(text: str) -> ScriptLine:
    found = LINE.fullmatch(text.strip())
    if found is None or (found["media"] and found["media"] not in MEDIA):
        raise ValueError(f"not a line of an arc: {text}")
    return ScriptLine(KINDS[found["sign"]], found["text"], found["media"])
