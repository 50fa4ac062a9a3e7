"""Short answers and introductions, part by part: "sari, toko roti, kediri"; "Bengkel motor, Jepara. Hadi" (pure)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from workers.extraction.rules.vocabulary import around

PARTS: Final = re.compile(r"\s*(?:[,;\n/|()]|\.(?!\d)|\s[-–—]\s|(?<=\w)[!](?=\s|$)|$)\s*")
LEAD: Final = around("segments", "lead", before=r"^\W*", behind=r"[ :,]*")
TAIL: Final = around("segments", "tail", before=r"[ ,]*", behind=r"\W*$")
MOST_PARTS: Final = 6
MOST_AROUND: Final = 12
"""Words that are taken off on either side of a part."""
LONGEST: Final = 5
"""Words of a part that is an answer."""


class Part(NamedTuple):
    """A part of a line without the small words around it; where it stands in the line as spelled out."""

    text: str
    start: int
    end: int
    is_first: bool


@lru_cache(maxsize=2000)
def parts(text: str) -> Sequence[Part]:
    """The parts of a line, in order. `text` in lower case, slang spelled out."""
    found: list[Part] = []
    begin = 0
    for match in PARTS.finditer(text):
        if part := _bare(text, begin, match.start(), is_first=not found):
            found.append(part)
        begin = match.end()
    return found


def _bare(text: str, start: int, end: int, *, is_first: bool) -> Part | None:
    for _ in range(MOST_AROUND):
        lead, tail = LEAD.match(text[start:end]), TAIL.search(text[start:end])
        if not lead and not tail:
            break
        end = start + tail.start() if tail and tail[0] else end
        start = min(end, start + lead.end()) if lead else start
    core = text[start:end]
    stripped = core.strip(" .,:;!?'\"*-–—")
    start += core.find(stripped) if stripped else 0
    return Part(stripped, start, start + len(stripped), is_first) if stripped else None


def is_short(part: Part) -> bool:
    return len(part.text.split()) <= LONGEST
