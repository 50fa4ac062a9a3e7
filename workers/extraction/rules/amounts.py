"""Amounts of money and numbers of people, as they are written in Indonesian and English (pure)."""

import re
from collections.abc import Iterator
from typing import Final

from domain.score import ScoreSignal
from workers.extraction.rules.numerals import ONES, WORDS, number_of

_FIGURE: Final = r"(?:\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)"
AMOUNT: Final = re.compile(
    rf"(?:{_FIGURE}\s*(?:-|–|sampai|sampe|to)\s*)?({_FIGURE})\s*(miliar|milyar|billion|juta|jt|million|mio|ribu|thousand|rb|k|m)?(?:an)?(?![\w]|[.,]\d)",
    re.IGNORECASE,
)
TIMES: Final = {
    "miliar": 10**9, "milyar": 10**9, "billion": 10**9, "jt": 10**6, "juta": 10**6, "million": 10**6, "mio": 10**6,
    "thousand": 1000, "m": 10**6, "rb": 1000, "ribu": 1000, "k": 1000,
}  # fmt: skip
LARGEST: Final = 10**12
NUMBERS: Final = {word: number for word, number in ONES.items() if 2 <= number <= 5} | {
    "berdua": 2, "bertiga": 3, "berempat": 4, "berlima": 5, "both": 2,
}  # fmt: skip
COUNT: Final = re.compile(rf"\b(\d{{1,2}}|{'|'.join(NUMBERS)})\b", re.IGNORECASE)
_WORD: Final = "|".join(WORDS)
SPOKEN: Final = re.compile(
    rf"(?<!\w)(?:(?P<one>se)|(?P<half>setengah |half a )|(?P<number>(?:{_WORD})(?: (?:{_WORD}))*) )"
    r"(?P<unit>juta|ribu|million|thousand)(?:an)?(?!\w)"
)
DIGIT: Final = re.compile(r"\d")
SPOKEN_UNITS: Final = ("juta", "ribu", "million", "thousand")
GROUPED: Final = re.compile(r"[.,](?=\d{3}(?:\D|$))")


def measured(name: str, message_id: str, quote: str) -> ScoreSignal:
    """Return the signal, with the amount or the number of people that its words name."""
    value = amount(quote) if name == "named a budget" else None
    number = count(quote) if name == "named stakeholders" else None
    return ScoreSignal(name, message_id, quote, value, number)


def amount(text: str) -> float | None:
    """Return the amount in a text, or None; of a range, the upper end.

    "budget 2 juta" is 2000000, "50,000.50" is 50000.5. The first figure with a unit is preferred: "3 cabang, 5 juta" is
    5000000. If no figure has a unit, the longest one is taken.
    """
    found = [(match[1], (match[2] or "").lower()) for match in AMOUNT.finditer(text)]
    if not found:
        return None
    figure, unit = next((one for one in found if one[1]), max(found, key=lambda one: len(one[0])))
    # A separator before three digits groups them; before one or two it begins the decimals.
    value = float(GROUPED.sub("", figure).replace(",", ".")) * TIMES.get(unit, 1)
    return value if 0 < value < LARGEST else None


def amounts(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield (start, end, amount) of each figure in a text in lower case: "1,5 juta", "tiga ratus ribu", "sejuta"."""
    for match in AMOUNT.finditer(text) if DIGIT.search(text) else ():
        figure = float(GROUPED.sub("", match[1]).replace(",", "."))
        yield match.start(), match.end(), figure * TIMES.get((match[2] or "").lower(), 1)
    for match in SPOKEN.finditer(text) if any(unit in text for unit in SPOKEN_UNITS) else ():
        number = 1.0 if match["one"] else 0.5 if match["half"] else float(number_of(match["number"].split()))
        yield match.start(), match.end(), number * TIMES[match["unit"]]


def count(text: str) -> int | None:
    """Return the first number in a quote about people, or None if it is less than 2: "three stakeholders" is 3."""
    match = COUNT.search(text)
    if match is None:
        return None
    number = NUMBERS.get(match[1].lower()) or int(match[1])
    return number if number > 1 else None
