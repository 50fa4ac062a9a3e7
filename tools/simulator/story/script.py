"""Arcs and people of the story, as arcs.toml and cast.toml hold them (pure but for reading the files)."""

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
DONE: Final = ("ticket", "handoff", "snooze", "tags", "source", "value", "summary")
"""What is done with the lead of an arc."""
MEDIA: Final = ("shop", "receipt", "voice", "file")
# A wording may hold a person's fact.
CHOICE = re.compile(r"\{((?:[^{}]|\{[a-z]+\})*\|(?:[^{}]|\{[a-z]+\})*)\}")
LINE = re.compile(r"(?P<sign>[><!+=#])\s*(?:\[(?P<media>[a-z]+)\])?\s*(?P<text>.*)")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """`kind` is a value of KINDS; `text` of a pause is its length. `media` is one of MEDIA or None."""

    kind: str
    text: str
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Arc:
    """A chat that `people` different people have. `ends` is how many seconds ago its last line was; None: any time."""

    name: str
    people: int
    lines: Sequence[ScriptLine]
    ends: float | None = None
    owner: bool = False
    english: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    """What is done with the lead: ticket, handoff, snooze, tags, source, value."""


def arcs() -> list[Arc]:
    """Raises ValueError for a line that is none."""
    found = []
    for one in tomllib.loads((FOLDER / "arcs.toml").read_text())["arc"]:
        lines = [_line(text) for text in one["lines"].strip().splitlines()]
        more = {
            name: one[name]
            for name in ("ticket", "handoff", "snooze", "tags", "source", "value", "summary")
            if name in one
        }
        ends = seconds(one["ends"]) if "ends" in one else None
        english = one["name"] == "in English"
        found.append(Arc(one["name"], one["people"], lines, ends, one.get("owner", False), english, more))
    return found


def later() -> list[Sequence[ScriptLine]]:
    """What people who are known say later, and what the bot answers."""
    found = tomllib.loads((FOLDER / "arcs.toml").read_text())["later"]
    return [[_line(text) for text in one["lines"].strip().splitlines()] for one in found]


def cast() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "cast.toml").read_text())


def seconds(text: str) -> float:
    """20m, 3h, 2d."""
    return float(text[:-1]) * SPANS[text[-1]]


def said(text: str, facts: Mapping[str, str], rng: Random) -> str:
    """The line with one of its wordings and the person's facts."""
    while "|" in text:
        text = CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text)
    return text.format(**facts)


def _line(text: str) -> ScriptLine:
    found = LINE.fullmatch(text.strip())
    if found is None or (found["media"] and found["media"] not in MEDIA):
        raise ValueError(f"not a line of a chat: {text}")
    return ScriptLine(KINDS[found["sign"]], found["text"], found["media"])
