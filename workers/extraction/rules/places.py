"""Where the customer is."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.elsewhere import is_elsewhere
from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.place_names import mentions
from workers.extraction.rules.trades import ends_with_trade
from workers.extraction.rules.vocabulary import around, words

# Where the business is counts before where its owner lives.
RESIDES: Final = re.compile(
    r"(?<!\w)(?:tinggal|rumah|live|living|home)(?:nya|ku)?(?: \w+)? (?:di|in|at) ?(?:kota |kab\.? )?$"
)
RESIDES_IN: Final = 0.83
STATED, SURE, LED, LIKELY, NAMED, WIDE = 0.95, 0.9, 0.84, 0.7, 0.61, 0.6
# Their names are everyday words too: they count only behind a word for "in", or as the answer to "where".
EVERYDAY: Final = frozenset(words("everyday_places"))
IN: Final = around("places", "in", behind=r"(?:nya)? ?[:.,]? ?(?:kota |kab ?\.? ?|kabupaten |daerah |the )?$")
NEAR: Final = around("places", "in", behind=r" \w+(?:-\w+)?(?: \w+)? $")
OWN: Final = around("places", "own")
MOVES: Final = around("places", "moves")
STATES: Final = around("places", "states", behind=r" ?$")
ASKED: Final = around("places", "asked")
AGREES: Final = re.compile(r"^(?:iyaa*|yaa*|yup|yep|yes+|yeah|betul|bener|benar|correct|right|yoi|leres|y)(?!\w)")
ASKED_IF: Final = re.compile(r"(?<!\w)(?:di|dari|in|from|domisili|based in)(?!\w)[^?]*\?|^(?:\w+[ ,]*){1,6}\?")
JOINED: Final = re.compile(r"[ ,(./-]{1,3}(?:(?:kota|kab|kabupaten|di|daerah)\.? )?")
BUT: Final = re.compile(r"(?<!\w)(?:but|tapi|melainkan|tepatnya|correction ?:|ralat ?:?|maksud\w*)[ ,]*$")


def cities(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.topic) is not None
    last, before, first = -1, None, -1
    for start, end, place in mentions(said.text):
        # Behind a district or a nickname the city stands, as sure as that.
        follows = before is not None and JOINED.fullmatch(said.text, last, start) is not None
        confidence = before if follows else _confidence(said, start, end, asked=asked)
        if confidence == SURE and not follows:
            if MOVES.search(said.text, max(0, first), start) or STATES.search(said.text[:start]):
                confidence = STATED
            elif first >= 0 or not (asked or OWN.search(said.text)):
                # Only the first place of a line is stated; others are passed through.
                confidence = LED
            first = end if first < 0 else first
        last, before = end, confidence
        if confidence:
            yield FoundValue("domisili", place.name, said.line, WIDE if place.wide else confidence, start, end)
    if AGREES.match(said.text) and ASKED_IF.search(said.asked):
        for _, _, place in mentions(said.asked):
            yield FoundValue("domisili", place.name, said.line, WIDE, 0, len(said.text))


def _confidence(said: SpelledLine, start: int, end: int, *, asked: bool) -> float | None:
    before, clause = said.text[:start], said.before(start)
    led = IN.search(before) is not None or BUT.search(before) is not None
    if is_elsewhere(said, start, end, led=led):
        return None
    if said.asks(end) and not re.search(
        r"(?<!\w)(?:saya|aku|gue|kami|i ?['’]? ?m|i am|we ?['’]? ?re|we are|my|usaha|toko|buat|untuk|for an?)(?!\w)",
        clause,
    ):
        return None
    apart = clause.strip() == "" and re.match(r" ?(?:$|[.,!\n]|ya|kak|tepatnya)", said.text[end:]) is not None
    everyday = said.text[start:end] in EVERYDAY
    if led:
        return RESIDES_IN if RESIDES.search(before) else SURE
    if asked and (not everyday or len(said.text.split()) <= 4):
        return SURE
    if said.corrects and not everyday:
        return SURE
    if not everyday and (apart or NEAR.search(before) or ends_with_trade(clause)):
        return LIKELY
    return None if everyday or said.asks(end) else NAMED
