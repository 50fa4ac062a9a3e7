"""Which names of people stand in a text: numbers in any spelling, ids of people, messages and conversations (pure)."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from domain.phone import LONGEST, NUMBER, SHORTEST, spelled_at_home

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
WITHOUT_CASE = re.compile(rf".*@.*|{UUID}", re.DOTALL)
# A name within a longer value: the address of a chat (628…@s.whatsapp.net), a link (wa.me/628…).
WITHIN = re.compile(
    rf"(?<![A-Za-z0-9])(?:wamid\.[A-Za-z0-9+/=_-]{{1,200}}|[A-Z]{{2}}\.[A-Za-z0-9.]{{1,140}}|{UUID}|[0-9]{{6,20}})"
    r"(?![A-Za-z0-9])"
)
# A number as people write it, somewhere in a text.
SPELLED = re.compile(r"(?<![A-Za-z0-9])[+(]{0,2}[0-9][0-9\s().-]{4,24}[0-9](?![A-Za-z0-9])")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# What may stand between two digits of a number, as bytes, as Postgres escapes them, and as JSON escapes them.
BETWEEN = r"(?:[^0-9A-Za-z]|\\[0-7]{3}|\\\\?u[0-9A-Fa-f]{4}){0,6}"
# Format, dash and space characters: they come with numbers that were copied from somewhere.
LOOSE = {"Cf": "", "Pd": "-", "Zs": " "}
NO_NAME = "(?!)"


def bare(name: str) -> str:
    """As it may stand in a body: numbers without +, ids without the kind before them."""
    plain = name.removeprefix("kapso:").removeprefix("email:").lstrip("+")
    return plain.lower() if WITHOUT_CASE.fullmatch(plain) else plain


def spellings(names: Collection[str]) -> frozenset[str]:
    """The bare names, and each number as it is dialled at home too."""
    plain = {bare(name) for name in names}
    return frozenset(plain | at_home(plain))


def at_home(names: Collection[str]) -> set[str]:
    """The numbers among the names, as they are dialled in their own country: 0812…"""
    numbers = {bare(name) for name in names}
    return {home for one in numbers if one.isdecimal() and (home := spelled_at_home(one))}


def candidate_names(value: str) -> Iterator[str]:
    """The names that one value may be, bare: as a whole, as a number, or within an address or a link.

    What is written in several words, and is no number, names nobody here: it is somebody's text.
    """
    text = _tidy(value).strip()
    yield bare(text)
    if number := _digits(text):
        yield number
    elif text and not any(one.isspace() for one in text):
        plain = unquote(text)
        yield from _within(plain)
        yield from _spelled(plain)


def names_in(body: bytes) -> set[str]:
    """Return everything in the bytes that may be a name (a number or an id): bare, and with the prefixes that
    tombstones use (+, kapso:). The bytes need not be JSON.
    """
    found: set[str] = set()
    for part in set(_readable(body)):
        found.update(_within(part))
        found.update(_spelled(part))
    return (
        found | {f"+{name}" for name in found if name.isdecimal()} | {f"kapso:{name}" for name in found if "-" in name}
    )


def mention_pattern(names: Collection[str]) -> str:
    """Return a regular expression that finds any of the names in any spelling. It also finds other text: callers use it
    only to preselect rows.

    It works in Postgres (over `encode(body, 'escape')`) and in Python; match without regard to case.
    """
    return "|".join(sorted({_loosely(bare(name)) for name in names if bare(name)})) or NO_NAME


def _loosely(name: str) -> str:
    if not name.isdecimal():
        return re.escape(name)
    dialled = spelled_at_home(name)
    return BETWEEN.join(dialled[1:] if dialled else name)


def _within(text: str) -> Iterator[str]:
    for name in WITHIN.findall(text):
        yield bare(name)
        if name.startswith("00") and (number := _digits(name)):
            yield number


def _spelled(text: str) -> Iterator[str]:
    yield from (number for one in SPELLED.findall(text) if (number := _digits(one)))


def _digits(text: str) -> str | None:
    """Of a number as it is written: with its country, or (0812…) as it is dialled at home."""
    if not NUMBER.fullmatch(text.strip()):
        return None
    digits = re.sub(r"\D", "", text.replace("(0)", "")).removeprefix("00")
    return digits if SHORTEST <= len(digits) <= LONGEST else None


def _readable(body: bytes) -> Iterator[str]:
    """The body as text, whatever it is: of any encoding, with and without escapes."""
    for encoding in {"utf-8", json.detect_encoding(body)}:
        text = body.decode(encoding, errors="replace")
        plain = _tidy(ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))
        yield plain
        yield unquote(plain)


def _tidy(text: str) -> str:
    if text.isascii():
        return text
    return "".join(LOOSE.get(unicodedata.category(one), one) for one in text)
