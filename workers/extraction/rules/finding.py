"""What a rule works on and what it gives back (pure)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from domain.window import ChatLine
from workers.extraction.rules.clauses import is_former, is_of_others
from workers.extraction.rules.stems import RUN, SHORTEST
from workers.extraction.rules.vocabulary import LETTERS, all_phrases, around, words

WORDS: Final = re.compile(r"([^\W\d_]+)")
# Nobody says more about themself in one breath; it bounds what a hostile text can cost.
LONGEST: Final = 1500
SPACE: Final = re.compile(r"\s+")
# Words of an address say nothing of the writer; contacts.py reads addresses as they were written.
ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
WORD: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
END: Final = re.compile(r"[?!.\n]")
CLAUSE: Final = re.compile(r"[?!.,;\n]|(?<!\w)(?:tapi|but|sedangkan|kalau saya|kalau aku|kalau gue|while)(?!\w)")
CORRECTS: Final = around("finding", "corrects")
ASKS_NAME: Final = around("names", "asked")


class FoundValue(NamedTuple):
    """A value, and where in which line it was seen; a later line replaces an earlier one."""

    field: str
    value: str | float
    line: ChatLine
    confidence: float
    start: int
    """In the text as it was spelled out."""
    end: int
    quote: str = ""
    """The words as they stand in the message; filled in once the find counts."""


@dataclass(frozen=True, slots=True)
class SpelledLine:
    """One line, in lower case and with slang spelled out, so that rules need to know each word once."""

    line: ChatLine
    text: str
    words: frozenset[str]
    """To see at once that there is nothing to look for."""
    may_hold: int
    """Which phrases may stand in it, a bit each (vocabulary.PhrasePrefilter.seen): the others are not looked for."""
    beginnings: frozenset[str]
    """The first letters of its words, as many as stems.py compares."""
    corrects: bool
    """Whether it takes something back."""
    asked: str = ""
    """What we had said right before it, in the same spelling."""
    topic: str = ""
    """What we had said last, however many lines ago."""
    region: str | None = None
    """The country of numbers without a country code."""

    def written(self, start: int, end: int) -> str:
        """The words between two places of `text` as they stand in the message."""
        if len(self.text) == len(self.line.text) and self.text == self.line.text.lower():
            return self.line.text[start:end]
        inside = [(first, last) for at, first, last in _places(self.line.text) if start <= at < end]
        return self.line.text[inside[0][0] : inside[-1][1]] if inside else ""

    def may_hold_any(self, beginnings: frozenset[str] | None) -> bool:
        """Whether a word of the line begins like one of these (vocabulary.gate)."""
        return beginnings is None or not beginnings.isdisjoint(self.beginnings)

    @property
    def asks_name(self) -> bool:
        """Whether we had asked for the name right before."""
        return ASKS_NAME.search(self.asked) is not None

    def asks(self, place: int) -> bool:
        """Whether the sentence around that place is a question."""
        end = END.search(self.text, place)
        return end is not None and end[0] == "?"

    def before(self, place: int) -> str:
        """The clause up to that place."""
        starts = [match.end() for match in CLAUSE.finditer(self.text, 0, place)]
        return self.text[starts[-1] if starts else 0 : place]

    def is_of_others(self, start: int, end: int) -> bool:
        """Whether what stands there is said of somebody else, or of what once was."""
        return is_of_others(self.text, start, end) or is_former(self.text, start)

    def follows_others(self, start: int) -> bool:
        """Whether what begins there is said of somebody else who was named before it."""
        return is_of_others(self.text, start, len(self.text))

    def found(
        self, field: str, value: str, match: re.Match[str], confidence: float, group: str | int = 0
    ) -> FoundValue:
        start, end = match.span(group)
        return FoundValue(field, value, self.line, confidence, start, end)


@cache
def slang() -> dict[str, str]:
    return {short: word for short, _, word in (line.partition(" ") for line in words("slang"))}


def in_context(lines: Iterable[ChatLine]) -> Iterator[tuple[ChatLine, str, str]]:
    """Each line with what we had said right before it, and what we had said last."""
    asked = topic = ""
    for line in lines:
        yield line, asked if line.inbound else "", topic if line.inbound else ""
        asked, topic = ("", topic) if line.inbound else (line.text, line.text)


def said(line: ChatLine, asked: str = "", topic: str = "", region: str | None = None) -> SpelledLine:
    """`asked` and `topic` as they were written."""
    text = spelled_out(line.text[:LONGEST])
    words = frozenset(LETTERS.findall(text))
    corrects = CORRECTS.search(text) is not None
    return SpelledLine(
        line,
        text,
        words,
        all_phrases()[1].seen(words),
        _beginnings(words),
        corrects,
        spelled_out(asked[:LONGEST]),
        spelled_out(topic[:LONGEST]),
        region,
    )


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:letters] for word in words for letters in (SHORTEST, RUN))


@lru_cache(maxsize=1000)
def spelled_out(text: str) -> str:
    """In lower case, slang spelled out, fillers left out, and one space where there was any."""
    known = slang()
    if "@" in text or "www." in text or "://" in text:
        text = ADDRESS.sub(lambda match: " " * len(match[0]), text)
    parts = [known.get(part, part) for part in WORDS.split(SPACE.sub(_space, text.strip()).lower())]
    return SPACE.sub(_space, "".join(parts)).strip()


def _space(match: re.Match[str]) -> str:
    return "\n" if "\n" in match[0] else " "


@lru_cache(maxsize=100)
def _places(text: str) -> list[tuple[int, int, int]]:
    """For each word: where it begins in the text as spelled out, and where it begins and ends as it was written."""
    spelled, places, at = spelled_out(text), [], 0
    for match in WORD.finditer(text):
        word = slang().get(match[0].lower(), match[0].lower())
        if word and (place := spelled.find(word, at)) >= 0:
            places.append((place, match.start(), match.end()))
            at = place + len(word)
    return places
