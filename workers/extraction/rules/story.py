"""How the business came about, in the customer's own sentences."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import around

TELLS: Final = around("story", "tells")
SENTENCE: Final = re.compile(r"[^.!?\n]+")
FEWEST: Final = 5
"""Words of a sentence that tells something."""
LONGEST: Final = 600
"""Characters of a story."""


def sentences(said: SpelledLine) -> Iterator[FoundValue]:
    """The sentences of a line that tell how it began."""
    if TELLS.search(said.text) is None:
        return
    for match in SENTENCE.finditer(said.text):
        tells = TELLS.search(match[0]) is not None and not said.asks(match.end())
        written = said.written(*match.span()).strip() if tells and len(match[0].split()) >= FEWEST else ""
        if written:
            yield FoundValue("story", written, said.line, 0.6, *match.span(), written)


def told(found: Sequence[FoundValue]) -> str:
    """The sentences together, in their order, each once."""
    whole = ""
    for one in dict.fromkeys(str(found_.value) for found_ in found):
        if len(whole) + len(one) + 2 > LONGEST:
            break
        whole = f"{whole}. {one}" if whole else one
    return whole
