"""The words that rules know, from words/: one a line, or one way to say something a line."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from workers.extraction.rules.stems import RUN, SHORTEST, starts, stems_of

MOST_FREQUENT: Final = 150
WORDS: Final = Path(__file__).parent / "words"
LETTERS: Final = re.compile(r"[a-z]+")
# What stands in braces in the files.
SHORT: Final = {
    "{NO}": r"(?:gak|tidak|tak|belum|not|don'?t|doesn'?t|didn'?t|can'?t|cannot|never|no)",
    "{CHATS}": (
        r"(?:chat\w*|wa|whatsapp|pesan\w*|dm|message\w*|inbox|inquir\w+|pertanyaan|customer\w*|pelanggan\w*|"
        r"pembeli\w*|orderan)"
    ),
    "{WE}": "(?:saya|aku|gue|kami|kita)",
    "{ADVERB}": "(?:currently|also|just|now|mainly|mostly|actually)",
    "{SIZE}": "(?:small|little|tiny|local|family|online)",
    "{RUN}": "(?:run|running|own|owning|have|manage|managing|operate|operating|started|opened|got|into|doing|in)",
    "{PUNYA}": "(?:punya|ada|buka|jalanin|jalankan|kelola|mengelola|ngelola|megang|rintis|merintis|bikin|produksi)",
}
NO: Final = SHORT["{NO}"]


@cache
def words(name: str) -> tuple[str, ...]:
    return tuple((WORDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])


def any_of(name: str) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words(name), key=len, reverse=True))


FREQUENT: Final = frozenset(
    word[:RUN] for name in ("common_indonesian", "common_english") for word in words(name)[:MOST_FREQUENT]
) | frozenset(word[:RUN] for word in words("frequent_in_chats"))
"""Beginnings of words that stand in most lines: to look for them saves nothing."""


class Phrases:
    """The ways to say each value of a field."""

    def __init__(self, ways_of: Mapping[str, list[str]], letters: "PhrasePrefilter") -> None:
        self._values = [(value, _pattern(ways), letters.bit(ways)) for value, ways in ways_of.items()]

    def within(self, seen: int) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Yield (value, pattern) of the values that may occur in a text; `seen` as PhrasePrefilter has it."""
        return ((value, pattern) for value, pattern, bit in self._values if seen & bit)


class PhrasePrefilter:
    """A prefilter: the first letters of a line's words show which values may occur in it. Each value of a field has one
    bit; patterns of values whose bit is not set are not searched.
    """

    def __init__(self) -> None:
        self._bits = 0
        self._always = 0
        self._of: dict[str, int] = {}

    def bit(self, ways: list[str]) -> int:
        """A bit of its own for these ways to say one thing."""
        bit = 1 << self._bits
        self._bits += 1
        for way in ways:
            stems = stems_of(_spelled_out(way), FREQUENT)
            self._always |= 0 if stems else bit
            for start in starts(stems or ()):
                self._of[start] = self._of.get(start, 0) | bit
        return bit

    def seen(self, words: Iterable[str]) -> int:
        """The bits of all that may stand in a text of these words."""
        found, of = self._always, self._of
        for word in words:
            found |= of.get(word[:RUN], 0) | of.get(word[:SHORTEST], 0)
        return found


@cache
def all_phrases() -> tuple[Mapping[str, Phrases], PhrasePrefilter]:
    said, letters = tomllib.loads((WORDS / "phrases.toml").read_text(encoding="utf-8")), PhrasePrefilter()
    return {field: Phrases(ways_of, letters) for field, ways_of in said.items()}, letters


def phrases(field: str) -> Phrases:
    return all_phrases()[0][field]


def _spelled_out(way: str) -> str:
    for short, long in SHORT.items():
        way = way.replace(short, long)
    return way


def around(rule: str, what: str, *, before: str = "", behind: str = "") -> re.Pattern[str]:
    """What one rule looks for around its finds; `before` and `behind` go on with the pattern."""
    return _pattern(_around()[rule][what], before=before, behind=behind)


def gate(rule: str, what: str) -> frozenset[str] | None:
    """Beginnings of words of which one stands in whatever `around` of these finds; None where that can't be told."""
    known = [stems_of(_spelled_out(way), FREQUENT) for way in _around()[rule][what]]
    return frozenset().union(*(starts(stems) for stems in known if stems)) if all(known) else None


def as_written(rule: str, what: str) -> str:
    """The same for messages as they were written: nothing is spelled out, and words may begin and end anywhere."""
    return "|".join(_around()[rule][what])


@cache
def _around() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads((WORDS / "around.toml").read_text(encoding="utf-8"))


def _pattern(ways: list[str], *, before: str = "", behind: str = "") -> re.Pattern[str]:
    joined = _spelled_out("|".join(ways))
    return re.compile(rf"{before}(?<!\w)(?:{joined})(?!\w){behind}")
