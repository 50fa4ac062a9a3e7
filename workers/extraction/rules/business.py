"""The customer's trade, in their own words."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.places import mentions
from workers.extraction.rules.vocabulary import any_of, around, words

STOP: Final = any_of("after_trades") + r"|usaha\w*|cabang\w*|kecil\w*"
PART: Final = rf"(?!(?:{STOP})(?!\w))[a-zé&]+(?:-[a-zé]+)*"
WHAT: Final = rf"(?P<what>{PART}(?: {PART}){{0,3}})"
# "toko kue", "bengkel las": kinds of shop that take what they sell along; and in English the other way round.
SHOP: Final = re.compile(rf"(?<!\w)(?P<what>(?:{any_of('shops')})(?: {PART}){{1,2}})")
ENGLISH_SHOP: Final = re.compile(rf"(?<!\w)(?P<what>(?:{PART} ){{1,3}}(?:{any_of('english_shops')}))(?!\w)")
KNOWN: Final = re.compile(rf"(?<!\w)(?P<what>{any_of('trades')})(?!\w)")
SAYS: Final = around("business", "says", behind=rf" {WHAT}")
SELLS: Final = re.compile(rf"(?<!\w)(?P<verb>jualan|jual|berjualan|dagang|selling|sell|sells)(?: online)? {WHAT}")
OWN: Final = around("business", "own")
OF_OTHERS: Final = around("business", "of_others", behind=r"[^.!?\n]{0,30}$")
ASKED: Final = around("business", "asked")
NOT_ASKED: Final = around("business", "not_asked")
ANSWER: Final = re.compile(
    r"^(?:(?:oh|ya|iya|yes|kak|itu|kalau saya|saya|aku|di|bidang|it ?['’]? ?s|a|an|we ?['’]? ?re|hehe)[, ]+)*"
    rf"(?:(?:\w+)(?: \w+)? ?, ?)?{WHAT}"
)
NOT_TRADES: Final = frozenset(words("not_trades"))
TAIL: Final = re.compile(
    r" (?:kecil|online|rumahan|kecil-kecilan|business|usaha|bisnis|kak|doang|lah|min|mbak|pak|bu|sist|sis|gan|bro)$"
)


def _first(name: str) -> frozenset[str]:
    return frozenset(word.split()[0] for word in words(name))


# Pattern, confidence, cue words. A line without any of the cue words is not searched: the search is expensive.
LOOKS: Final = (
    (SELLS, 0.85, frozenset(["jualan", "jual", "berjualan", "dagang", "selling", "sell", "sells"])),
    (SHOP, 0.8, _first("shops")),
    (ENGLISH_SHOP, 0.8, frozenset(words("english_shops"))),
    (SAYS, 0.75, frozenset(words("says_trades"))),
    (KNOWN, 0.7, _first("trades")),
)


def businesses(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.asked) is not None and NOT_ASKED.search(said.asked) is None
    own = asked or OWN.search(said.text) is not None or ASKED.search(said.topic) is not None
    found = False
    for pattern, confidence, begins in LOOKS:
        for match in pattern.finditer(said.text) if not said.words.isdisjoint(begins) else ():
            stands = own or _stands_apart(said, match.start("what"))
            if stands and (one := _found(said, match, confidence)):
                found = True
                yield one
                break
    answer = ANSWER.match(said.text) if asked and not found and len(said.text.split()) <= 8 else None
    if answer and (one := _found(said, answer, 0.6)):
        yield one


def _stands_apart(said: SpelledLine, start: int) -> bool:
    """At the beginning of its clause, but for an article."""
    return (
        re.fullmatch(
            r"(?:.* (?:here|dari|from) )?(?:an?|the|my|our|toko|ini|itu|kak|iya|oke)? ?",
            said.before(start).strip() + " ",
        )
        is not None
    )


def _found(said: SpelledLine, match: re.Match[str], confidence: float) -> FoundValue | None:
    start, end = match.span("what")
    value = said.text[start:end]
    while TAIL.search(value):
        value = TAIL.sub("", value)
    parts = value.split()
    if not parts or parts[0] in NOT_TRADES or len(value) < 3 or any(True for _ in mentions(parts[0])):
        return None
    if OF_OTHERS.search(said.text[:start]) or (
        said.asks(end) and not re.search(r"(?<!\w)(?:saya|aku|gue|kami|i|we|my)(?!\w)", said.text)
    ):
        return None
    if "verb" in match.re.groupindex and match["verb"] in ("jualan", "jual", "dagang", "berjualan"):
        value, start = f"jualan {value}", match.start("verb")
    return FoundValue("business_type", value, said.line, confidence, start, end)
