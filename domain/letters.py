"""How texts look to people: which letters are alike for a search, and whether there is anything to see (pure)."""

import unicodedata
from typing import Final

# What stands above and below letters: é is found as e. Says the same as the SQL function searchable.
MARKS: Final = ("\u0300", "\u036f")
# Letters by name, and nothing to be seen.
BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
UNSEEN: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co", "Cs"})


def searchable(text: str) -> str:
    """In lower case and without accents, composed or not; wide forms as plain ones."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(one for one in spread if not MARKS[0] <= one <= MARKS[1]).lower()


def is_visible(text: str) -> bool:
    """Whether there is a character to be seen in it."""
    if "!" <= text[:1] <= "~":  # nearly every name: nothing has to be looked up
        return True
    return any(
        unicodedata.category(one) not in UNSEEN and one not in BLANK and not "\ufe00" <= one <= "\ufe0f" for one in text
    )
