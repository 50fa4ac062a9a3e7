"""What the customer can or wants to pay us: a proposal for the lead's estimated value."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.amounts import LARGEST, amounts
from workers.extraction.rules.clauses import clause_of
from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import around

NAMES: Final = around("budgets", "names")
OTHERS: Final = around("budgets", "others")
ASKED: Final = around("budgets", "asked")
NEAR: Final = 40
LEAST: Final = 10
"""Below that a figure counts something else."""
LEAST_BARE: Final = 10_000
MONEY: Final = re.compile(r"rp|idr|usd|sgd|aud|eur|[$€£]|dollars?|dolar|bucks|euros?|ribu|juta")
"""What stands beside a smaller figure that is money."""


def budgets(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.asked) is not None
    for start, end, value in amounts(said.text):
        clause = clause_of(said.text, start, end, most=NEAR)
        is_money = value >= LEAST_BARE or MONEY.search(said.text[max(0, start - 5) : end + 10])
        if not is_money or not LEAST <= value < LARGEST or OTHERS.search(clause) or said.is_of_others(start, end):
            continue
        if NAMES.search(clause) or (asked):
            yield FoundValue("estimated_value", round(value, 2), said.line, 0.7, start, end)
