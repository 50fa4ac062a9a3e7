"""Closed vocabularies: motives, urgency, objections, closing, and the signals that make the score."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import NO, around, gate, phrases

DENIED: Final = re.compile(rf"(?<!\w)(?:{NO}|bukan|tanpa|without)\s+(?:\w+\s+)?$")
# Costs and shops other than ours: an objection behind one of these words is not an objection to our offer.
ABOUT_OTHERS: Final = around("phrases", "about_others")
REFUSES: Final = around("phrases", "refuses")
ASKED: Final = {
    "priority": around("phrases", "asks_priority"), "urgency_level": around("phrases", "asks_urgency"),
    "interest_motivation": around("phrases", "asks_motive"),
}  # fmt: skip
BARE_TIMES: Final = around("phrases", "bare_times")
NEXT: Final = re.compile(r" (?:ini|depan)(?= (?:aja|saja|lah|deh|ya|kak|mbak)|$)")
LEADS: Final = {
    "priority": around("phrases", "matters_most"), "urgency_level": around("phrases", "needs"),
}  # fmt: skip
# "atasan pun sudah setuju": nobody is left to ask.
AGREED: Final = re.compile(r"(?<!\w)(?:sudah|udah|already|has|have) (?:setuju|acc|ok|oke|approved?|agreed)(?!\w)")
NOT_AFRAID: Final = re.compile(
    rf"(?<!\w){NO} (?:\w+ )?(?:takut|khawatir|kuatir|ragu|curiga|afraid|worried|scared)(?!\w)"
)
# Questions that say when: "bisa aktif hari ini?"
CAN_WE: Final = re.compile(r"(?:bisa|can|could)(?!\w)")
NOT_SO: Final = re.compile(rf"(?<!\w)(?:{NO}|isn'?t|bukan) (?:that |so |too |really |terlalu |begitu )?$")
# "tidak perlu hari ini", "nda usah buru-buru": only the time is turned down.
NOT_YET: Final = re.compile(r" ?(?:hari ini|sekarang|minggu ini|buru|terburu|cepat|today|now|yet|actually|,? ?my )")
AFTERWARDS: Final = re.compile(r" ?(?:\w+ )?(?:belakangan|menyusul|nomor dua|comes? second|is secondary)(?!\w)")
OUR_PRICE: Final = around("phrases", "our_price")
MONEY: Final = re.compile(
    r"(?:rp|idr|usd|[$]) ?\d|\d ?(?:ribu|juta|k|%)|\d[.,]\d{3}|harga|biaya|price|cost|budget|anggaran"
)
FEW: Final = 6
"""Words of a line that says nothing else."""
GATES: Final = {"priority": gate("phrases", "matters_most"), "urgency_level": gate("phrases", "needs")}
# The last of these that is said counts.
ONE_OF: Final = ("interest_motivation", "priority", "urgency_level", "objection_raised")
# These say what they say also behind a "no".
MAY_BE_DENIED: Final = frozenset({"objection_raised"})
OF_ANYBODY: Final = frozenset({"approval", "has another"})
"""Objections that name somebody else."""
NOT_IN_QUESTIONS: Final = frozenset({"objection_raised", "urgency_level", "interest_motivation"})


def choices(said: SpelledLine) -> Iterator[FoundValue]:
    for field in ONE_OF:
        found = [
            said.found(field, value, match, 0.7)
            for value, pattern in phrases(field).within(said.may_hold)
            for match in pattern.finditer(said.text)
            if _counts(field, value, said, match)
        ] or list(_as_asked(said, field))
        if found:
            yield max(found, key=lambda one: one.start)


def _as_asked(said: SpelledLine, field: str) -> Iterator[FoundValue]:
    """What answers our question for it, or follows a word that says what matters most, in looser words."""
    if field not in ASKED:
        return
    led = LEADS[field].search(said.text) if field in LEADS and said.may_hold_any(GATES[field]) else None
    asked = bool(said.asked) and ASKED[field].search(said.asked) is not None
    if led is None and not asked:
        return
    for value, pattern in phrases(f"{field}_asked").within(said.may_hold):
        match = pattern.search(said.text)
        if (
            match
            and not asked
            and field == "urgency_level"
            and BARE_TIMES.fullmatch(match[0])
            and not NEXT.search(match[0])
        ):
            continue
        if match and AFTERWARDS.match(said.text, match.end()):
            continue
        if match and not said.asks(match.end()) and not said.is_of_others(*match.span()):
            yield said.found(field, value, match, 0.7)


def signals(said: SpelledLine) -> Iterator[FoundValue]:
    for name, pattern in phrases("signals").within(said.may_hold):
        match = pattern.search(said.text)
        if match and not DENIED.search(said.text[: match.start()]):
            yield said.found(name, name, match, 0.8)


def closing(said: SpelledLine) -> Iterator[FoundValue]:
    """How one of our own lines tries to close; the last way counts."""
    found = [
        said.found("closing_technique_used", value, match, 0.7)
        for value, pattern in phrases("closing_technique_used").within(said.may_hold)
        if (match := pattern.search(said.text)) and not (value == "social proof" and said.asks(match.end()))
    ]
    if found:
        yield max(found, key=lambda one: one.start)


def refuses(said: SpelledLine) -> bool:
    """Return whether the line turns down the offer as a whole."""
    return REFUSES.search(said.text) is not None


def _is_of_our_price(said: SpelledLine) -> bool:
    """Whether "expensive" can be meant of our offer: the line says no more, or it or our last one is about a price."""
    return len(said.words) <= FEW or OUR_PRICE.search(said.text) is not None or MONEY.search(said.topic) is not None


def _counts(field: str, value: str, said: SpelledLine, match: re.Match[str]) -> bool:
    if field not in MAY_BE_DENIED and DENIED.search(said.text[: match.start()]):
        return False
    if field != "interest_motivation" and value not in OF_ANYBODY and said.is_of_others(*match.span()):
        return False
    if field == "priority" and AFTERWARDS.match(said.text, match.end()):
        return False
    if field == "objection_raised" and not _is_objection(value, said, match):
        return False
    return not (field in NOT_IN_QUESTIONS and said.asks(match.end()) and not CAN_WE.match(match[0]))


def _is_objection(value: str, said: SpelledLine, found: re.Match[str]) -> bool:
    """Whether the words object to our offer, and to no other cost or shop, and are not turned round."""
    text, (start, end) = said.text, found.span()
    if ABOUT_OTHERS.search(said.before(start)):
        return False
    match value:
        case "approval":
            return AGREED.search(text, start, end + 15) is None
        case "price":
            return NOT_SO.search(text, 0, start) is None and _is_of_our_price(said)
        case "no need":
            return NOT_YET.match(text, end) is None
        case "trust":
            return NOT_AFRAID.search(text, 0, end) is None
        case "timing":
            says_when = ASKED["urgency_level"].search(said.topic) and NEXT.search(text, start, end + 10)
            return not (said.asks_name or says_when)  # "your name?", "later"
    return True
