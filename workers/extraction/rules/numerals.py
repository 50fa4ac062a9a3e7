"""Words for numbers in Indonesian and English (pure)."""

from collections.abc import Sequence
from typing import Final

ONES: Final = {
    "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9,
    "sepuluh": 10, "sebelas": 11, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
DIGITS: Final = {"nol": 0, "kosong": 0, "zero": 0, "oh": 0} | {word: one for word, one in ONES.items() if one < 10}
"""Words that spell a phone number digit by digit."""
SCALES: Final = {"ratus": 100, "puluh": 10, "hundred": 100}
WORDS: Final = (*ONES, *TENS, "seratus", "belas", *SCALES)


def number_of(words: Sequence[str]) -> int:
    """Return the number below 1,000 that these WORDS spell: "seratus lima puluh" is 150, "lima belas" is 15.

    Of two figures that do not belong together ("dua tiga"), the later one counts.
    """
    total = figure = 0
    for word in words:
        if word in SCALES:
            total, figure = total + (figure or 1) * SCALES[word], 0
        elif word == "belas":
            total, figure = total + 10 + figure, 0
        elif word == "seratus":
            total += 100
        elif word in TENS:
            figure = TENS[word]
        else:
            figure = ONES[word] + (figure if figure in TENS.values() else 0)
    return total + figure
