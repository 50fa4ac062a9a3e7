"""What troubles the customer: by category where one fits, else in their own words."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from workers.extraction.rules.clauses import BEHIND, clause_span, is_trouble_of_others
from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.no_trouble import ASKED, TROUBLES, is_no_trouble
from workers.extraction.rules.vocabulary import NO, around, gate, phrases

TELLS_GATE, OTHERS_GATE = gate("pains", "tells"), gate("pains", "others")
TELLS: Final = around("pains", "tells", behind=r"[ :,]*")
OTHERS: Final = around("pains", "others")
NONE: Final = around("pains", "none")
ELSEWHERE: Final = around("pains", "elsewhere")
ASKED_TRADE: Final = around("business", "asked")
ASKED_PRIORITY: Final = around("phrases", "asks_priority")
BY_HAND: Final = "manual work"
NO_SHOW: Final = re.compile(
    r"(?<!\w)(?:(?:gak|tidak) (?:jadi )?(?:datang|dateng|muncul|nongol)|no ?-?shows?|batal)(?!\w)"
)
ASTRAY: Final = ("salah kirim", "salah alamat", "salah chat")
SORRY: Final = re.compile(r"(?<!\w)(?:maaf\w*|maap|sorry|sori)(?!\w)")
# "The one before never answered": that of the seller that they leave.
OF_VENDOR: Final = re.compile(
    r"\s*(?:the (?:old|last|previous) (?:app|vendor|provider|one)"
    r"|(?:aplikasi |vendor )?yang (?:dulu|lama|kemarin|sebelumnya))(?!\w)"
)
DENIED: Final = re.compile(rf"(?<!\w)(?:{NO}|bukan)(?: \w+)? $")
OWED, GONE = "late payments", "no follow-up"
# "I paid on Monday and the account is still not active": the customer pays us.
SELF_PAID: Final = re.compile(r"(?<!\w)(?:saya|aku|gue|kami|i|we)(?: \w+){0,2} (?:bayar|transfer|paid)\b")
FEW: Final = 4
"""Words of a line that tells of no habit."""
MOST: Final = 2
"""Troubles that one line tells."""
MANY: Final = 7
"""Words of a line that answers more than what the trade is."""
STOP: Final = re.compile(r"[.!?;\n]\s")
SENTENCE: Final = re.compile(r"[.!?;\n](?:\s|$)|$")
NAMED, TOLD = 0.8, 0.6
FEWEST, LONGEST = 2, 160
"""Words of a trouble at least; characters of it at most."""


def pains(said: SpelledLine) -> Iterator[FoundValue]:
    if ASKED_PRIORITY.search(said.asked):
        return  # "what matters most?", "that the app is not slow": wanted of us, and no trouble of theirs
    found = [
        said.found("pain_points", value, match, NAMED)
        for value, pattern in phrases("pain_points").within(said.may_hold)
        if (match := next((one for one in pattern.finditer(said.text) if not _is_of_others(said, value, one)), None))
    ]
    if NO_SHOW.search(said.text):
        found = [one for one in found if one.value != "few customers"]  # seats stay empty, since guests do not come
    if any(one.value == OWED for one in found):
        found = [one for one in found if one.value != GONE]  # "they don't pay, then they are gone"
    yield from _apart(said.text, found) or list(_named_otherwise(said)) or _in_own_words(said)


def _is_of_others(said: SpelledLine, value: str, match: re.Match[str]) -> bool:
    """Return whether the trouble is another person's. Unpaid debts to the customer are the customer's own trouble."""
    if match[0].startswith(ASTRAY) and (SORRY.search(said.text) or len(said.text.split()) <= FEW):
        return True  # "sorry, wrong chat"
    if is_no_trouble(said, value, match):
        return True
    if value == OWED:
        return SELF_PAID.search(said.text[: match.end()]) is not None
    if OF_VENDOR.match(said.text, said.text.rfind(". ", 0, match.start()) + 1):
        return True
    return (
        is_trouble_of_others(said.text, match.start())
        or BEHIND.match(said.text[match.end() : match.end() + 30]) is not None
    )


def _named_otherwise(said: SpelledLine) -> Iterator[FoundValue]:
    """The clause of a trouble that is known and fits no category."""
    match = OTHERS.search(said.text) if said.may_hold_any(OTHERS_GATE) else None
    if match is None or said.asks(match.end()) or is_trouble_of_others(said.text, match.start()):
        return
    yield from _quoted(said, *clause_span(said.text, *match.span(), most=LONGEST))


def _quoted(said: SpelledLine, start: int, end: int) -> Iterator[FoundValue]:
    """The trouble as it is written there, as much as the field holds of it."""
    if written := said.written(start, end)[:LONGEST].strip():
        yield FoundValue("pain_points", written, said.line, TOLD, start, end, written)


def _apart(text: str, found: Sequence[FoundValue]) -> list[FoundValue]:
    """The first troubles of a line: those of one sentence are mostly one trouble, told in two ways."""
    apart: list[FoundValue] = []
    for one in sorted(found, key=lambda one: one.start):
        if not apart or (len(apart) < MOST and STOP.search(text, apart[-1].end, one.start)):
            apart.append(one)
    return without_passing(apart)


def without_passing(found: Sequence[FoundValue]) -> list[FoundValue]:
    """Without "manual work" if there is another trouble: customers mention it while they tell of what troubles them."""
    others = [one for one in found if one.value != BY_HAND]
    return others or list(found)


def _in_own_words(said: SpelledLine) -> Iterator[FoundValue]:
    """The sentence that answers our question for it, or that says that it is one."""
    tells = TELLS.search(said.text) if said.may_hold_any(TELLS_GATE) else None
    tells = None if tells and DENIED.search(said.text, 0, tells.start()) else tells
    if tells is None and (not ASKED.search(said.asked) or ELSEWHERE.search(said.text)):
        return
    if tells is None and ASKED_TRADE.search(said.asked) and len(said.words) < MANY:
        return
    start = tells.end() if tells else 0
    ends = SENTENCE.search(said.text, start)
    end = min(ends.start() if ends else len(said.text), start + LONGEST)
    words = said.text[start:end].strip(" ,.-")
    asks = said.text[end : end + 1] == "?"
    if tells is None and not TROUBLES.search(words):
        return
    if len(words.split()) < FEWEST or NONE.search(words) or asks or is_trouble_of_others(said.text, start):
        return
    yield from _quoted(said, start, end)
