"""The trades, products and occupations that are known by name (words/*.txt)."""

from typing import Final

from workers.extraction.rules.gazetteer import Gazetteer
from workers.extraction.rules.vocabulary import words

TRADES: Final = Gazetteer(dict.fromkeys(words("trades"), "trade"))
PRODUCTS: Final = Gazetteer(dict.fromkeys(words("products"), "product"))
OCCUPATIONS: Final = Gazetteer(dict.fromkeys(words("occupations"), "occupation"))
ALL: Final = (TRADES, PRODUCTS, OCCUPATIONS)


def is_of_trade(text: str, start: int, end: int) -> bool:
    """Whether these words belong to a longer name: "padang" in "rumah makan padang"."""
    return any(first < start and last == end for known in ALL for first, last, _ in known.mentions(text))


def ends_with_trade(text: str) -> bool:
    """Whether the last words of a text name a trade, a product or an occupation."""
    tail = " ".join(text.split()[-4:])
    return any(end == len(tail) for known in ALL for _, end, _ in known.mentions(tail))
