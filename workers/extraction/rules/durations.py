"""How long the business has been running."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from workers.extraction.rules.clauses import clause_of
from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.spans import COUNTED, EH, ORDINAL, PANDEMIC, SPAN, YEAR, days, is_single, span, year_of
from workers.extraction.rules.vocabulary import around

STARTS: Final = around("durations", "starts")
RUNS: Final = around("durations", "runs")
BEGINS: Final = around("durations", "begins")
OTHER_YEARS: Final = around("durations", "other_years")
ASKED: Final = around("durations", "asked")
RUNS_SURELY: Final = around("durations", "runs_surely")
RUNS_FOR: Final = around("durations", "runs_for", behind=r" ?(?:sekitar |kurang lebih |about |around )?$")
NOT_RUNNING: Final = around("durations", "not_running")
AHEAD: Final = re.compile(
    r" ?(?:(?:abis|habis|setelah|after) (?:lulus|nikah|graduat)|lagi|depan|ke depan|from now|kemudian|later)(?!\w)"
)
# "bulan depan baru mulai": with us, not the business.
LATER: Final = re.compile(r"(?<!\w)(?:depan|nanti|besok|lusa)(?: \w+){0,2} $")
NOT: Final = re.compile(r"(?<!\w)(?:bukan|not) (?:\w+ )?$")
# Beside a time: "10 tahun lebih dikit".
ROUGHLY: Final = frozenset((
    "lebih", "dikit", "sedikit", "kurang", "hampir", "sekitar", "an", "yang", "ya", "lah", "kak", "deh", "sih", "udah",
    "sudah", "jalan", "about", "almost", "over", "or", "so",
))  # fmt: skip
TAKES_BACK: Final = re.compile(r"(?<!\w)(?:eh|ralat|maksud\w*|sorry|bukan)(?!\w)")
# Looking for these first is quicker.
HAS_YEAR: Final = re.compile(
    r"\d\d|ribu|puluh|twenty|tahun (?:sembilan|delapan|tujuh)|(?:dari|sejak) (?:sembilan|delapan|tujuh)"
)
PANDEMICS: Final = ("covid", "corona", "pandemi", "lockdown")
STATED, LIKELY, WEAK = 0.9, 0.8, 0.7
DAYS: Final = ("hari", "day", "days")
SHORT: Final = 6
"""Words of an answer that holds nothing but the time."""
MOST_ALONE: Final = 12
"""Words of a line that gives the time beside the trade or the place: "service ac, 2 tahun"."""
NEAR: Final = 45
"""Characters around a time in which something tells what it is the time of."""

# Cue words. A line without any of them is not searched: the search is expensive.
BEGINNING: Final = frozenset(
    ("baru", "just", "belum", "masih", "lagi", "sedang", "have", "haven", "not", "about", "brand", "newly", "opening")
)


def durations(said: SpelledLine) -> Iterator[FoundValue]:
    """The earliest beginning that the line states."""
    asked = ASKED.search(said.asked or said.topic) is not None
    for match in STARTS.finditer(said.text) if not said.words.isdisjoint(BEGINNING) else ():
        if not said.is_of_others(*match.span()) and not LATER.search(said.text, 0, match.start()):
            yield said.found("business_duration", "just started", match, WEAK)
    years = list(_years(said, asked=asked))
    if years:
        taken_back = any(TAKES_BACK.search(said.text, one.end, other.start) for one, other in pairwise(years))
        corrected = TAKES_BACK.match(said.text) and not NOT.search(said.text[: years[0].start])
        latest = years[0] if corrected else years[-1] if taken_back else min(years, key=lambda found: found.value)
        yield latest
    elif not said.words.isdisjoint(COUNTED) and (found := list(_spans(said, asked=asked))):
        yield max(found, key=lambda one: one[:2])[2]


def _years(said: SpelledLine, *, asked: bool) -> Iterator[FoundValue]:
    short = asked and len(said.text.split()) <= SHORT
    for match in YEAR.finditer(said.text) if HAS_YEAR.search(said.text) else ():
        before = said.text[max(0, match.start() - NEAR) : match.start()]
        begins = max((one.end() for one in BEGINS.finditer(before)), default=0)
        elsewhere = max((one.end() for one in OTHER_YEARS.finditer(before)), default=0)
        year = year_of(match)
        counts = (begins > elsewhere or (not elsewhere and (short or asked))) and not said.asks(match.end())
        if year and counts and not said.is_of_others(*match.span()):
            yield said.found("business_duration", f"since {year}", match, STATED if begins or short else LIKELY)
    pandemic = PANDEMIC.search(said.text) if any(word in said.text for word in PANDEMICS) else None
    if pandemic and not YEAR.search(said.text) and not said.is_of_others(*pandemic.span()):
        yield said.found("business_duration", "since 2020", pandemic, LIKELY)


def _spans(said: SpelledLine, *, asked: bool) -> Iterator[tuple[bool, float, FoundValue]]:
    """Each span that the business may have run: whether the clause says so for sure, its length in days, the value."""
    for match in (*SPAN.finditer(said.text), *ORDINAL.finditer(said.text)):
        clause = clause_of(said.text, match.start(), match.end(), most=NEAR)
        if NOT_RUNNING.search(clause) or AHEAD.match(said.text, match.end()) or said.asks(match.end()):
            continue
        if said.is_of_others(*match.span()):
            continue
        before = said.text[max(0, match.start() - 20) : match.start()]
        beside = [word for word in clause.replace(match[0], "").split() if word not in ROUGHLY]
        alone = len(said.text.split()) <= MOST_ALONE and len(beside) <= 1
        if match[0].endswith(DAYS) and not (asked and alone) and not RUNS_SURELY.search(clause):
            continue  # how long something takes or is late
        if is_single(match):
            counts = RUNS_FOR.search(before) is not None
        else:
            counts = (
                asked or said.corrects or alone or match.re is ORDINAL or RUNS.search(f"{before} {clause}") is not None
            )
        if counts:
            corrected = EH.match(said.text, match.end()) if match.re is SPAN else None
            value = span(match, corrected)
            yield (
                RUNS_SURELY.search(clause) is not None,
                days(value),
                said.found("business_duration", value, match, STATED if asked else LIKELY),
            )
