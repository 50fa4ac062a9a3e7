"""What the customer writes in."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.window import ChatLine
from workers.extraction.rules.finding import FoundValue
from workers.extraction.rules.vocabulary import words

INDONESIAN: Final = frozenset(words("indonesian"))
ENGLISH: Final = frozenset(words("english"))


class Tongue(NamedTuple):
    """Words of one line, and how many of them either language knows."""

    words: int = 0
    indonesian: int = 0
    english: int = 0


SILENT: Final = Tongue()


def tongue(text: str) -> Tongue:
    found = re.findall(r"[a-z']+", text.lower())
    known = sum(1 for word in found if word in INDONESIAN), sum(1 for word in found if word in ENGLISH)
    return Tongue(len(found), *known)


def language(lines: Sequence[tuple[ChatLine, Tongue]]) -> FoundValue | None:
    """Over all of the customer's lines; None when there are not three words to tell by."""
    words, indonesian, english = (sum(one[place] for _, one in lines) for place in range(3))
    if words < 3 or indonesian + english == 0:
        return None
    share = english / (indonesian + english)
    value = "en" if share > 0.8 else "mixed" if share > 0.3 else "id"
    last = next(line for line, one in reversed(lines) if one.words)
    return FoundValue("language", value, last, 0.9, 0, 0, last.text[:80])
