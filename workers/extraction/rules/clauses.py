"""Of whom a part of a line speaks: of the customer now, of somebody else, or of what once was (pure).

Everybody tells of sisters, suppliers, neighbours and former jobs: their names, trades and places are not the
customer's.
"""

import re
from functools import lru_cache
from typing import Final

from workers.extraction.rules.vocabulary import around

SENTENCE: Final = re.compile(r"[?!\n]|\.(?!\d)")
CLAUSE: Final = re.compile(
    r"[?!;\n,]|\.(?!\d)|(?<!\w)(?:tapi|tetapi|but|sedangkan|while|kalau saya|kalau aku|kalau gue|sekarang|now)(?!\w)"
)
OTHER: Final = around("clauses", "others")
SERVED: Final = around("clauses", "served")
THIRD: Final = around("clauses", "third")
SELF: Final = around("clauses", "self")
TELLS: Final = around("clauses", "tells")
# "She has a shop …": what follows is her trouble.
OWNED_BY_THEM: Final = re.compile(
    r"(?<!\w)(?:dia|beliau|he|she|they) (?:yang )?"
    r"(?:punya|has|have|runs?|owns?|jualan|jual|buka|bikin|makes?|sells?)(?!\w)"
)
FORMER: Final = around("clauses", "former")
# "Me and my husband": what follows is the customer's as well.
TOGETHER: Final = re.compile(
    r"(?<!\w)(?:me|i|saya|aku|gue|kami|we|kita) (?:and|dan|sama|bareng|dengan|berdua) $|(?<!\w)(?:with|bareng|berdua) $"
)
THROUGH: Final = re.compile(r"(?<!\w)(?:dari|from|lewat|via|thanks to|berkat|kata|menurut|according to) $")
BEHIND: Final = around(
    "clauses", "others", before=r"^ ?(?:itu |ini )?(?:punya|milik|nya|of|kepunyaan|dari|sama)?(?: my| his| her| the)? ?"
)


def clause_of(text: str, start: int, end: int, *, most: int) -> str:
    """The clause around those places, at `most` that many characters of it on either side."""
    first, last = clause_span(text, start, end, most=most)
    return text[first:last]


def clause_span(text: str, start: int, end: int, *, most: int) -> tuple[int, int]:
    """Where the clause around those places begins and ends, as clause_of takes it."""
    first = max((match.end() for match in CLAUSE.finditer(text, 0, start)), default=0)
    after = CLAUSE.search(text, end)
    return max(first, start - most), min(end + most, after.start() if after else len(text))


@lru_cache(maxsize=2000)
def _cues(text: str) -> list[tuple[int, bool]]:
    """Where somebody comes into the text, and whether it is somebody else than the customer; in order."""
    found = [
        (match.start(), True)
        for pattern in (OTHER, SERVED, THIRD)
        for match in pattern.finditer(text)
        if not TOGETHER.search(text, max(0, match.start() - 20), match.start())
    ]
    taken = [match.span() for pattern in (OTHER, SERVED) for match in pattern.finditer(text)]
    found += [
        (match.start(), False)
        for match in SELF.finditer(text)
        if not any(first <= match.start() < last for first, last in taken)
    ]
    return sorted(found)


@lru_cache(maxsize=4000)
def is_of_others(text: str, start: int, end: int) -> bool:
    """Whether what stands at `start` to `end` is said of somebody else. `text` in lower case, slang spelled out."""
    first = max((match.end() for match in SENTENCE.finditer(text, 0, start)), default=0)
    place, other = max(((at, other) for at, other in _cues(text) if first <= at < start), default=(first, False))
    if other and (TELLS.search(text, place, start) or THROUGH.search(text, max(0, place - 12), place)):
        # Who only told the customer of us owns nothing of what follows in the next clause.
        other = CLAUSE.search(text, place, start) is None
    return other or BEHIND.match(text[end : end + 30]) is not None


def is_trouble_of_others(text: str, start: int) -> bool:
    """Whether a trouble told there is that of a friend, a relative or a competitor. Troubles with buyers count."""
    first = max((match.end() for match in SENTENCE.finditer(text, 0, start)), default=0)
    if OWNED_BY_THEM.search(text, first, start):
        return True
    place = max((match.start() for match in OTHER.finditer(text, first, start)), default=None)
    return place is not None and not any(not other for at, other in _cues(text) if place < at < start)


def is_former(text: str, start: int) -> bool:
    """Whether the clause up to there speaks of what once was."""
    first = max((match.end() for match in CLAUSE.finditer(text, 0, start)), default=0)
    return FORMER.search(text, first, start) is not None
