"""What the customer writes in."""

import re
from collections.abc import Sequence
from typing import Final

from workers.extraction.rules.finding import Found, Said
from workers.extraction.rules.vocabulary import words

INDONESIAN: Final = frozenset(words("indonesian"))
ENGLISH: Final = frozenset(words("english"))


def language(said: Sequence[Said]) -> Found | None:
    """Over all lines; None when there are not three words to tell by."""
    indonesian = english = count = 0
    for one in said:
        found = re.findall(r"[a-z']+", one.line.text.lower())
        count += len(found)
        indonesian += sum(1 for word in found if word in INDONESIAN)
        english += sum(1 for word in found if word in ENGLISH)
    if count < 3 or not said or indonesian + english == 0:
        return None
    share = english / (indonesian + english)
    value = "en" if share > 0.8 else "mixed" if share > 0.3 else "id"
    last = said[-1].line
    return Found("language", value, last, last.text[:80], 0.9, 0)
