"""Numbers and e-mail addresses that the customer gives for themself."""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

from workers.extraction.rules.clauses import is_of_others
from workers.extraction.rules.finding import LONGEST, FoundValue, SpelledLine
from workers.extraction.rules.numerals import DIGITS as SPELLED_DIGITS
from workers.extraction.rules.vocabulary import around

EMAIL: Final = re.compile(r"\b[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b")
_DOT: Final = r"(?:\s*[(\[]\s*(?:dot|titik)\s*[)\]]\s*|\s(?:dot|titik)\s|\.)"
SAID_EMAIL: Final = re.compile(
    rf"(?<!\w)(?P<who>[a-z0-9_-]+(?:{_DOT}[a-z0-9_-]+)*)\s*(?:[(\[]\s*(?:at|et)\s*[)\]]|\sat\s)\s*"
    rf"(?P<where>[a-z0-9-]+(?:{_DOT}[a-z0-9-]+)*{_DOT}[a-z]{{2,}})(?!\w)"
)
SPELLED_AT: Final = (" at ", "(at)", "[at]", "( at )")
SPELLED: Final = re.compile(rf"(?<!\w)(?:(?:{'|'.join(SPELLED_DIGITS)}) ){{7,14}}(?:{'|'.join(SPELLED_DIGITS)})(?!\w)")
BARE: Final = re.compile(r"(?:rp|idr|bukan|not)\.?\s*$")
OLD: Final = re.compile(r"[^,.;]*?\b(?:lama|old|mati|hilang|rusak)\b|.{0,12}\bitu (?:no|nomor) lama")
DIGITS: Final = re.compile(r"\d[\d\s().-]{7,}\d")
OF_OTHERS: Final = around("contacts", "of_others")


def contacts(said: SpelledLine) -> Iterator[FoundValue]:
    text = said.line.text[:LONGEST]
    yield from _emails(said, text)
    for number, start, end in _numbers(text, said.region):
        if not _is_of_others(text.lower(), start, end):
            yield FoundValue("phone", number, said.line, 0.85, start, end, text[start:end])
    for number, start, end in _spelled_numbers(said):
        if not _is_of_others(said.text, start, end):
            yield FoundValue("phone", number, said.line, 0.85, start, end, said.written(start, end))


def _is_of_others(text: str, start: int, end: int) -> bool:
    """Whether the number there is somebody else's, an amount, or no longer theirs."""
    before, behind = text[max(0, start - 30) : start], text[end : end + 25]
    return bool(is_of_others(text, start, end) or OF_OTHERS.search(before) or BARE.search(before) or OLD.match(behind))


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


def _spelled_numbers(said: SpelledLine) -> Iterator[tuple[str, int, int]]:
    """A number that was spelled digit by digit, with its place in the line as spelled out."""
    if len(said.words & SPELLED_DIGITS.keys()) > 2 and (spelled := SPELLED.search(said.text)):
        digits = "".join(str(SPELLED_DIGITS[word]) for word in spelled[0].split())
        for number, *_ in _numbers(digits, said.region):
            yield number, *spelled.span()
