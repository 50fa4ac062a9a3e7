"""Spans of time and years, as they are written and spoken in Indonesian and English (pure)."""

import re
from collections.abc import Mapping
from typing import Final

from workers.extraction.rules import numerals
from workers.extraction.rules.numerals import TENS

ONES: Final = numerals.ONES | {"a": 1, "an": 1}
UNITS: Final = {
    "tahun": "years", "year": "years", "years": "years", "yrs": "years", "yr": "years", "bulan": "months",
    "month": "months", "months": "months", "mos": "months", "minggu": "weeks", "pekan": "weeks", "week": "weeks",
    "weeks": "weeks", "hari": "days", "day": "days", "days": "days", "dekade": "decades", "decade": "decades",
    "decades": "decades",
}  # fmt: skip
TH: Final = {
    "pertama": 1, "kedua": 2, "ketiga": 3, "keempat": 4, "kelima": 5, "keenam": 6, "ketujuh": 7, "kedelapan": 8,
    "kesembilan": 9, "kesepuluh": 10, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
ONE: Final = "|".join(sorted(ONES, key=len, reverse=True))
UNIT: Final = "|".join(sorted(UNITS, key=len, reverse=True))
TEN: Final = "|".join(TENS)
NUMBER: Final = (
    r"(?P<digits>\d{1,2})(?: ?[.,] ?(?P<tenth>\d))?"
    rf"|(?:(?P<tens>{TEN}|(?:{ONE}) puluh) ?-? ?)(?P<ones>{ONE})?|(?P<belas>{ONE}) belas|(?P<plain>{ONE})"
)
SPAN: Final = re.compile(
    rf"(?<![\w.,])(?:(?:{NUMBER})(?: ?(?:-|–|sampai) ?\d+)? ?(?P<half>setengah|½|and a half)? ?-? ?(?P<unit>{UNIT})"
    rf"|se(?P<single>tahun|bulan|minggu|pekan|dekade)|(?P<half_year>setengah tahun|half a year))(?:an)?(?:-ish)?"
    rf"(?P<and_half> setengah| and a half)?(?: (?P<more>\d{{1,2}}|{ONE}) (?:bulan|months?)(?:an)?)?(?!\w)"
)
ORDINAL: Final = re.compile(
    rf"(?<!\w)(?:tahun (?:(?P<th>{'|'.join(TH)})|ke ?-? ?(?P<number>\d{{1,2}}))"
    rf"|(?P<nth>{'|'.join(TH)}|(?P<digit>\d{{1,2}})(?:nd|rd|th)) year)(?!\w)"
)
EH: Final = re.compile(
    rf"(?:an)?[.,]? (?:eh|bukan|maksud\w*|atau) ?,? ?(?P<number>\d{{1,2}}|{ONE})(?![\w%])(?! ?(?:orang|rb|ribu))"
)
YEAR: Final = re.compile(
    r"(?<![\w.,/-])(?:(?P<year>(?:19[6-9]|20[0-2])\d)(?!\d|[.,]\d|\w)"
    r"|(?<=tahun )(?P<century>(?:tujuh|delapan|sembilan) puluh"
    r"(?: (?:satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan))?)(?!\w)"
    r"|(?:(?<=dari )|(?<=sejak )|(?<=tahun ))['’]?(?P<short>[6-9]\d)(?![\w.,])(?! (?:tahun|bulan|ribu|juta|orang|kg))"
    r"|dua ribu (?P<late>(?:\w+ )?\w+ belas|dua puluh(?: \w+)?|sebelas|sepuluh|\w+)(?!\w)"
    rf"|twenty (?P<teen>twenty(?: (?:{ONE}))?|{ONE})(?! years?)(?!\w)"
    r"|(?:(?<=tahun )|(?<=dari )|(?<=sejak ))(?P<spoken>(?:tujuh|delapan|sembilan) "
    r"(?:nol|satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan))(?!\w)(?! (?:tahun|bulan|ribu|juta)))"
)
PANDEMIC: Final = re.compile(
    r"(?<!\w)(?:sejak|mulai|dari|pas|since|during)(?: (?:awal|jaman|zaman|masa|the|early|musim))*"
    r" (?:covid\w*|corona|pandemi\w*|pandemic|lockdown)(?!\w)(?!(?: \w+){0,2} (?:tutup|closed|bangkrut|sepi))"
)
COUNTED: Final = frozenset(
    {form for unit in UNITS for form in (unit, f"{unit}an", f"se{unit}", f"se{unit}an")} | {"setengah", "half"}
)
"""One of these words stands in every span."""


def span(match: re.Match[str], corrected: re.Match[str] | None = None) -> str:
    """A match of SPAN or ORDINAL as a number and a unit: `18 months`, `1 year`. `corrected` is a later number (EH)."""
    if match.re is ORDINAL:
        word = match["th"] or match["nth"]
        return _told(TH.get(word) or float(match["number"] or match["digit"]), "years")
    if match["half_year"]:
        return "6 months"
    number, unit = (
        (1.0, UNITS.get(match["single"], "decades")) if match["single"] else (_number(match), UNITS[match["unit"]])
    )
    if corrected:
        number = float(ONES.get(corrected["number"]) or corrected["number"])
    number += 0.5 if match["half"] or match["and_half"] else 0
    if unit == "decades":
        number, unit = number * 10, "years"
    if unit == "years" and match["more"]:
        return _told(number * 12 + float(ONES.get(match["more"]) or match["more"]), "months")
    return _told(number * 12, "months") if unit == "years" and number % 1 else _told(number, unit)


def is_single(match: re.Match[str]) -> bool:
    """Whether it is one year or month, without a figure: mostly said of a rate, "sebulan 200 porsi"."""
    return match.re is SPAN and not match["and_half"] and bool(match["single"] or match["plain"] in ("a", "an"))


def days(value: str) -> float:
    """How long a span is that `span` told."""
    number, unit = value.split()
    return float(number) * {"y": 365.0, "m": 30.4, "w": 7.0, "d": 1.0}[unit[0]]


def _told(number: float, unit: str) -> str:
    return f"{number:.0f} {unit if number != 1 else unit.removesuffix('s')}"


def _number(match: re.Match[str]) -> float:
    if match["digits"]:
        return float(f"{match['digits']}.{match['tenth'] or 0}")
    if match["tens"]:
        tens = TENS.get(match["tens"]) or 10 * ONES[match["tens"].split()[0]]
        return tens + ONES.get(match["ones"] or "", 0)
    return 10 + ONES[match["belas"]] if match["belas"] else ONES[match["plain"]]


def year_of(match: re.Match[str]) -> int | None:
    """The year that a match of YEAR says; None where it says none."""
    if match["year"]:
        return int(match["year"])
    if match["short"]:
        return 1900 + int(match["short"])
    if match["century"]:
        tens, _, *rest = match["century"].split()
        return 1900 + 10 * ONES[tens] + (ONES[rest[0]] if rest else 0)
    if match["spoken"]:
        tens, one = match["spoken"].split()
        return 1900 + 10 * ONES[tens] + ONES.get(one, 0)
    return _spoken(match["late"], ONES) if match["late"] else _english(match["teen"])


def _english(words: str) -> int | None:
    first, *rest = words.split()
    tens = TENS.get(first, ONES.get(first, 0))
    number = tens + (ONES.get(rest[0], 0) if rest else 0)
    return 2000 + number if number >= 10 else None


def _spoken(words: str, ones: Mapping[str, int]) -> int | None:
    *rest, last = words.split()
    if last == "belas":
        return 2010 + ones.get(rest[-1], 0) if rest else None
    if rest[:2] == ["dua", "puluh"] or (rest == ["dua"] and last == "puluh"):
        return 2020 + ones.get(last, 0)
    return 2000 + ones[last] if last in ones else None
