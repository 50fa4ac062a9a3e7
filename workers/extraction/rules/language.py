"""What the customer writes in."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from domain.window import ChatLine
from workers.extraction.rules.finding import FoundValue, spelled_out
from workers.extraction.rules.vocabulary import words

CLAUSE: Final = re.compile(r"[.!?\n,;:()…]+|\s[-–—]\s")
LETTERS: Final = re.compile(r"[a-z']+")
FEWEST: Final = 3
"""Words to tell a language by."""
HALF, WHOLE = 0.15, 0.85
"""Part of the words that stands in English clauses: below the first a chat is Indonesian, above the second English."""
OF_ANY: Final = frozenset(
    ("ok", "oke", "okay", "oh", "p", "hi", "hai", "halo", "hallo", "hello", "ya", "hmm", "wkwk", "haha")
)
"""Words that tell nothing of a language."""
RARER: Final = 3
"""A word that both lists know counts for the language where it is that many times more frequent."""


def _ranks(*names: str) -> Mapping[str, int]:
    """Place of each word in the lists, the most frequent first."""
    return {word: place for name in reversed(names) for place, word in enumerate(words(name), 1)}


INDONESIAN: Final = _ranks("indonesian", "common_indonesian")
ENGLISH: Final = _ranks("english", "common_english")


class Tongue(NamedTuple):
    """Words of one line, and how many of them stand in clauses of either language."""

    words: int = 0
    indonesian: int = 0
    english: int = 0


SILENT: Final = Tongue()


def tongue(text: str) -> Tongue:
    """Read clause by clause: a loan word makes no clause English."""
    indonesian = english = 0
    for clause in CLAUSE.split(spelled_out(text)):
        found = [word.replace("'", "") for word in LETTERS.findall(clause)]
        leans = [_leans(word) for word in found]
        if (sum_ := sum(leans)) or any(leans):
            if sum_ >= 0:
                indonesian += len(found)
            else:
                english += len(found)
    told = [word for word in LETTERS.findall(text.lower()) if word not in OF_ANY]
    return Tongue(len(told), indonesian, english)


def _leans(word: str) -> int:
    """1 to Indonesian, -1 to English, 0 where neither or both know the word."""
    indonesian, english = INDONESIAN.get(word), ENGLISH.get(word)
    if indonesian is None or english is None:
        return 1 if indonesian else -1 if english else 0
    return 1 if indonesian * RARER < english else -1 if english * RARER < indonesian else 0


def language(lines: Sequence[tuple[ChatLine, Tongue]]) -> FoundValue | None:
    """Over all of the customer's lines; None when there are not three words to tell by."""
    words, indonesian, english = (sum(one[place] for _, one in lines) for place in range(3))
    if words < FEWEST or indonesian + english == 0:
        return None
    share = english / (indonesian + english)
    value = "en" if share > WHOLE else "mixed" if share > HALF else "id"
    last = next(line for line, one in reversed(lines) if one.words)
    return FoundValue("language", value, last, 0.9, 0, 0, last.text[:80])
