"""How long the business has been running."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import around

ONES: Final = {
    "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9,
    "sepuluh": 10, "sebelas": 11, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "eighteen": 18, "a": 1, "an": 1,
}  # fmt: skip
TENS: Final = {"twenty": 20, "thirty": 30}
UNITS: Final = {
    "tahun": "years", "year": "years", "years": "years", "yrs": "years", "yr": "years", "bulan": "months",
    "month": "months", "months": "months", "mos": "months", "minggu": "weeks", "pekan": "weeks", "week": "weeks",
    "weeks": "weeks", "hari": "days", "day": "days", "days": "days",
}  # fmt: skip
ONE: Final = "|".join(sorted(ONES, key=len, reverse=True))
UNIT: Final = "|".join(sorted(UNITS, key=len, reverse=True))
TEN: Final = "|".join(TENS)
NUMBER: Final = (
    r"(?P<digits>\d{1,2})(?: ?[.,] ?(?P<tenth>\d))?"
    rf"|(?:(?P<tens>{TEN}|(?:{ONE}) puluh) ?-? ?)(?P<ones>{ONE})?|(?P<belas>{ONE}) belas|(?P<plain>{ONE})"
)
SPAN: Final = re.compile(
    rf"(?<!\w)(?:(?:{NUMBER})(?: ?(?:-|–|sampai) ?\d+)? ?(?P<half>setengah|½|and a half)? ?-? ?(?P<unit>{UNIT})"
    rf"|se(?P<single>tahun|bulan|minggu|pekan)|(?P<half_year>setengah tahun|half a year))(?:an)?"
    rf"(?P<and_half> setengah| and a half)?(?!\w)"
)
YEAR: Final = r"(?P<year>(?:19[89]|20[0-2])\d)|dua ribu (?:(?P<late>(?:\w+ )?\w+ belas|dua puluh(?: \w+)?|\w+))"
SINCE: Final = re.compile(
    r"(?<!\w)(?:(?:sejak|dari|semenjak|since|mulai|buka|berdiri|established|est)(?: (?:in|tahun|back in))?|"
    rf"(?:opened|started|began|founded)(?: \w+)? in|dibuka(?: \w+)?) (?:{YEAR})(?!\w)"
)
STARTS: Final = around("durations", "starts")
RUNS: Final = around("durations", "runs")
ASKED: Final = around("durations", "asked")
NOT_RUNNING: Final = around("durations", "not_running")
AHEAD: Final = re.compile(r" ?(?:lagi|depan|ke depan|from now)(?!\w)")


# Cue words. A line without any of them is not searched: the search is expensive.
BEGINNING: Final = frozenset(
    ("baru", "just", "belum", "masih", "lagi", "sedang", "have", "haven", "not", "about", "brand", "newly")
)
SPANNING: Final = frozenset(
    {form for unit in UNITS for form in (unit, f"{unit}an", f"se{unit}", f"se{unit}an")} | {"setengah", "half"}
)
SINCE_WORDS: Final = frozenset(
    ("sejak", "dari", "semenjak", "since", "mulai", "buka", "berdiri", "established", "est", "opened", "started",
     "began", "founded", "dibuka")
)  # fmt: skip


def durations(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.topic) is not None or said.corrects
    for match in STARTS.finditer(said.text) if not said.words.isdisjoint(BEGINNING) else ():
        yield said.found("business_duration", "just started", match, 0.7)
    for match in SPAN.finditer(said.text) if not said.words.isdisjoint(SPANNING) else ():
        near = said.text[max(0, match.start() - 25) : match.end() + 14]
        around = said.text[max(0, match.start() - 45) : match.end() + 30]
        if NOT_RUNNING.search(near) or AHEAD.match(said.text, match.end()):
            continue
        if asked or RUNS.search(around):
            yield said.found("business_duration", _span(match), match, 0.9 if asked else 0.8)
    for match in SINCE.finditer(said.text) if not said.words.isdisjoint(SINCE_WORDS) else ():
        if year := _year(match):
            yield said.found("business_duration", f"since {year}", match, 0.9)


def _number(match: re.Match[str]) -> float:
    if match["digits"]:
        return float(f"{match['digits']}.{match['tenth'] or 0}")
    if match["tens"]:
        tens = TENS.get(match["tens"]) or 10 * ONES[match["tens"].split()[0]]
        return tens + ONES.get(match["ones"] or "", 0)
    return 10 + ONES[match["belas"]] if match["belas"] else ONES[match["plain"]]


def _span(match: re.Match[str]) -> str:
    half = bool(match["half"] or match["and_half"])
    if match["half_year"]:
        return "6 months"
    number, unit = (1.0, UNITS[match["single"]]) if match["single"] else (_number(match), UNITS[match["unit"]])
    number += 0.5 if half else 0
    if unit == "years" and number % 1:
        number, unit = number * 12, "months"
    return f"{number:.0f} {unit if number != 1 else unit.removesuffix('s')}"


def _year(match: re.Match[str]) -> int | None:
    if match["year"]:
        return int(match["year"])
    *rest, last = match["late"].split()
    if last == "belas":
        return 2010 + ONES.get(rest[-1], 0) if rest else None
    if rest[:2] == ["dua", "puluh"] or (rest == ["dua"] and last == "puluh"):
        return 2020 + ONES.get(last, 0)
    return 2000 + ONES[last] if last in ONES else None
