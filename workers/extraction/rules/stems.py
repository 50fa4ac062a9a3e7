"""Which words must stand in a text for a pattern to match, so that most patterns need not be searched (pure).

Reads the regular expressions of words/*.toml: groups, alternatives, quantifiers, classes, escapes and lookarounds. What
it does not know it takes for something that holds no word, so that nothing is missed.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

SHORTEST, RUN = 3, 4
"""Letters of a stem: at least, and as many as are compared."""
Stems: TypeAlias = frozenset[str]
"""Beginnings of words of which one must stand in the text."""
ATOM: Final = re.compile(
    r"(?P<look>\(\?(?:=|!|<=|<!))|(?P<group>\((?:\?:|\?>|\?P<\w+>)?)|(?P<set>\[\^?\]?[^\]]*\])"
    r"|(?P<space>\\s|\\b|\\W|\^| )|(?P<escape>\\.)|(?P<letter>[a-z])|(?P<other>.)",
    re.DOTALL,
)
QUANTIFIER: Final = re.compile(r"[?*+]\+?\??|\{\d*,?\d*\}\??")
MAY_LACK: Final = re.compile(r"[?*]|\{0?,")


class _Read(NamedTuple):
    """What was read of a pattern: where it ends, the stems of which a match holds one (None: none are known), and
    whether it ends where a word may begin."""

    end: int
    stems: Stems | None
    ends_open: bool


def stems_of(way: str, frequent: Stems) -> Stems | None:
    """None where no word must stand there. Stems in `frequent` are chosen last."""
    return _alternatives(way, 0, is_open=True, frequent=frequent).stems


def _alternatives(way: str, at: int, *, is_open: bool, frequent: Stems) -> _Read:
    found: list[Stems | None] = []
    open_ends = True
    while True:
        one = _sequence(way, at, is_open=is_open, frequent=frequent)
        found.append(one.stems)
        open_ends = open_ends and one.ends_open
        at = one.end
        if at >= len(way) or way[at] != "|":
            known = [stems for stems in found if stems]
            return _Read(at, frozenset().union(*known) if len(known) == len(found) else None, open_ends)
        at += 1


def _sequence(way: str, at: int, *, is_open: bool, frequent: Stems) -> _Read:
    """Up to the next | or ) of its level."""
    found: list[Stems] = []
    word, begins = "", is_open
    while at < len(way) and way[at] not in "|)":
        atom = ATOM.match(way, at)
        assert atom is not None
        inner = None
        if atom["look"]:
            at = _alternatives(way, atom.end(), is_open=False, frequent=frequent).end + 1
        elif atom["group"]:
            inner = _alternatives(way, atom.end(), is_open=begins and not word, frequent=frequent)
            at = inner.end + 1
        else:
            at = atom.end()
        quantifier = QUANTIFIER.match(way, at)
        at = quantifier.end() if quantifier else at
        lacks = quantifier is not None and MAY_LACK.match(quantifier[0]) is not None
        if atom["look"]:
            continue
        if atom["letter"] and not quantifier and (begins or word):
            word += atom["letter"]
            begins = False
            continue
        if word:
            found.append(frozenset({word}))
        if inner is not None:
            if inner.stems and not lacks and begins and not word:
                found.append(inner.stems)
            begins = inner.ends_open and (begins or word == "" or not lacks) and not (lacks and not begins)
        else:
            begins = atom["space"] is not None and (not lacks or begins)
        word = ""
    if word:
        found.append(frozenset({word}))
    usable = [stems for stems in found if all(len(stem) >= SHORTEST for stem in stems)]
    return _Read(at, max(usable, key=lambda stems: _rarity(stems, frequent), default=None), begins)


def _rarity(stems: Stems, frequent: Stems) -> tuple[bool, int]:
    return not any(stem[:RUN] in frequent for stem in stems), -len(stems)


def starts(stems: Sequence[str] | Stems) -> set[str]:
    """As many letters of each as are compared."""
    return {stem[:RUN] for stem in stems}
