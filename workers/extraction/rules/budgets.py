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
MARK: Final = re.compile(r"[.,;!?\n]|(?<!\w)(?:but|tapi)(?!\w)")
TAKES_BACK: Final = re.compile(r"(?<!\w)(?:eh|ralat|maksud\w*|i mean)(?!\w)")
OURS: Final = re.compile(r"(?<!\w)(?:budget|anggaran|anggarin)\w*")
THOUSAND: Final = 1000
"""Who is asked for the budget and answers "300" means 300 thousand rupiah."""
FOREIGN: Final = re.compile(r"[$€£]|usd|sgd|aud|eur|dollars?|dolar|bucks|euros?|%|persen")
LEAST_BARE: Final = 10_000
MONEY: Final = re.compile(r"rp|idr|usd|sgd|aud|eur|[$€£]|dollars?|dolar|bucks|euros?|ribu|juta")
"""What stands beside a smaller figure that is money."""


def _lead(text: str, start: int) -> str:
    """The words before an amount, back to the last mark: "omzet sekarang" of "omzet sekarang 30 jutaan"."""
    return MARK.split(text[max(0, start - NEAR) : start])[-1]


def budgets(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.asked) is not None
    if OTHERS.search(said.asked) and not OURS.search(said.text):
        return  # "omzetnya berapa?"
    for start, end, figure in amounts(said.text):
        clause = clause_of(said.text, start, end, most=NEAR)
        is_named = NAMES.search(clause) is not None
        roughly = said.text[end - 2 : end] == "an" and is_named
        is_bare = (
            (asked or roughly or OURS.search(clause))
            and LEAST <= figure < THOUSAND
            and said.text[start:end].strip().removesuffix("an").isdigit()
        )
        value = figure * THOUSAND if is_bare and not FOREIGN.search(said.text) else figure
        is_money = value >= LEAST_BARE or MONEY.search(said.text[max(0, start - 5) : end + 10])
        if (
            not is_money
            or not LEAST <= value < LARGEST
            or OTHERS.search(clause)
            or OTHERS.search(_lead(said.text, start))
            or said.is_of_others(start, end)
        ):
            continue
        if is_named or asked:
            yield FoundValue("estimated_value", round(value, 2), said.line, 0.7, start, end)
            if asked and not is_named and not TAKES_BACK.search(said.text, end, end + NEAR):
                return  # what follows in a long answer is another amount
