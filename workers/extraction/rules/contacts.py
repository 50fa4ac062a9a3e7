"""Numbers and e-mail addresses that the customer gives for themself."""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

from workers.extraction.rules.clauses import is_of_others
from workers.extraction.rules.finding import LONGEST, FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import around

EMAIL: Final = re.compile(r"\b[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b")
_DOT: Final = r"(?:\s*[(\[]\s*(?:dot|titik)\s*[)\]]\s*|\s(?:dot|titik)\s|\.)"
SAID_EMAIL: Final = re.compile(
    rf"(?<!\w)(?P<who>[a-z0-9_-]+(?:{_DOT}[a-z0-9_-]+)*)\s*(?:[(\[]\s*(?:at|et)\s*[)\]]|\sat\s)\s*"
    rf"(?P<where>[a-z0-9-]+(?:{_DOT}[a-z0-9-]+)*{_DOT}[a-z]{{2,}})(?!\w)"
)
SPELLED_AT: Final = (" at ", "(at)", "[at]", "( at )")
NAMES: Final = {
    "nol": 0, "kosong": 0, "zero": 0, "oh": 0, "satu": 1, "one": 1, "dua": 2, "two": 2, "tiga": 3, "three": 3,
    "empat": 4, "four": 4, "lima": 5, "five": 5, "enam": 6, "six": 6, "tujuh": 7, "seven": 7, "delapan": 8, "eight": 8,
    "sembilan": 9, "nine": 9,
}  # fmt: skip
SPELLED: Final = re.compile(rf"(?<!\w)(?:(?:{'|'.join(NAMES)}) ){{7,14}}(?:{'|'.join(NAMES)})(?!\w)")
BARE: Final = re.compile(r"(?:rp|idr|bukan|not)\.?\s*$")
OLD: Final = re.compile(r"[^,.;]*?\b(?:lama|old|mati|hilang|rusak)\b|.{0,12}\bitu (?:no|nomor) lama")
DIGITS: Final = re.compile(r"\d[\d\s().-]{7,}\d")
OF_OTHERS: Final = around("contacts", "of_others")


def contacts(said: SpelledLine) -> Iterator[FoundValue]:
    text = said.line.text[:LONGEST]
    yield from _emails(said, text)
    spelled = _digits(said.text) if len(said.words & NAMES.keys()) > 2 else ""
    for number, start, end in (*_numbers(text, said.region), *_numbers(spelled, said.region)):
        before = said.text[:start] if spelled and start >= len(text) else text[max(0, start - 30) : start].lower()
        behind = text[end : end + 25].lower()
        if (
            is_of_others(text.lower(), start, min(end, len(text)))
            or OF_OTHERS.search(before[-30:])
            or BARE.search(before)
            or OLD.match(behind)
        ):
            continue
        yield FoundValue("phone", number, said.line, 0.85, start, end, text[start:end] or text)


def _emails(said: SpelledLine, text: str) -> Iterator[FoundValue]:
    low = text.lower()
    spelled = any(sign in low for sign in SPELLED_AT)
    for email in EMAIL.finditer(low) if "@" in text else SAID_EMAIL.finditer(low) if spelled else ():
        start, end = email.span()
        if OF_OTHERS.search(low[max(0, start - 30) : start]) or is_of_others(low, start, end):
            continue
        value = email[0] if "@" in email[0] else _as_written(email)
        yield FoundValue("email", value, said.line, 0.95, start, end, text[start:end])


def _as_written(email: re.Match[str]) -> str:
    """An address that was spelled out: "rina (at) example (dot) com"."""
    parts = [re.sub(r"\s*[(\[]?(?<!\w)(?:dot|titik)(?!\w)[)\]]?\s*", ".", part) for part in email.group("who", "where")]
    return "@".join(parts)


def _numbers(text: str, region: str | None) -> Iterator[tuple[str, int, int]]:
    if DIGITS.search(text):
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            yield number, int(match.start), int(match.end)


def _digits(text: str) -> str:
    """A number said digit by digit, as digits; '' where there is none."""
    said = SPELLED.search(text)
    return "".join(str(NAMES[word]) for word in said[0].split()) if said else ""
