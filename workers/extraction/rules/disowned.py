"""Lines that say that earlier lines were not about the writer: sent by mistake, of a friend, or that there is no
business at all (pure).
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol, TypeVar

from domain.window import ChatLine
from workers.extraction.rules.finding import SpelledLine
from workers.extraction.rules.vocabulary import around, as_written, words

WRONG_PERSON: Final = re.compile(as_written("disowned", "wrong_person"), re.IGNORECASE)
MISPOSTED: Final = re.compile(as_written("disowned", "misposted"), re.IGNORECASE)
NO_BUSINESS: Final = around("disowned", "no_business", before=r"^\W*")
FOR_OTHERS: Final = around("disowned", "for_others")
ASKED_BUSINESS: Final = around("business", "asked")
SELF: Final = frozenset(words("self"))
# A line without any of these is no such line; looking for them first is quicker.
MISTAKES: Final = frozenset(("salah", "wrong", "kepencet", "meant"))
FOR: Final = frozenset(("buat", "untuk", "for"))


class Disowns(Enum):
    ALL = "the whole chat"
    LAST = "the message before"
    BUSINESS = "that there is a business"
    FROM_HERE = "what follows, unless it speaks of the writer"


def disowns(said: SpelledLine) -> Disowns | None:
    if not MISTAKES.isdisjoint(said.words):
        if WRONG_PERSON.search(said.line.text):
            return Disowns.ALL
        if MISPOSTED.search(said.line.text):
            return Disowns.LAST
    if not FOR.isdisjoint(said.words) and FOR_OTHERS.search(said.text):
        return Disowns.FROM_HERE
    asked = ASKED_BUSINESS.search(said.asked) is not None
    return Disowns.BUSINESS if asked and NO_BUSINESS.search(said.text) else None


def speaks_of_self(said: SpelledLine) -> bool:
    return not SELF.isdisjoint(said.words)


class Line(Protocol):
    @property
    def disowns(self) -> Disowns | None: ...


ToldT = TypeVar("ToldT", bound=Line)


def owned(told: Sequence[tuple[ChatLine, ToldT]]) -> list[tuple[ChatLine, ToldT]]:
    """Return the lines without those that a later line says were written to somebody else. Ours stay."""
    kept: list[tuple[ChatLine, ToldT]] = []
    for line, one in told:
        if one.disowns is Disowns.ALL:
            return [each for each in told if not each[0].inbound]
        if one.disowns is Disowns.LAST:
            last = max((at for at, each in enumerate(kept) if each[0].inbound), default=None)
            kept = [each for at, each in enumerate(kept) if at != last]
        kept.append((line, one))
    return kept
