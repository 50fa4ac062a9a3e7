"""Where the customer is: cities and regencies by their official names, their slang, provinces."""

import csv
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.gazetteer import Gazetteer
from workers.extraction.rules.trades import ends_with_trade, is_of_trade
from workers.extraction.rules.vocabulary import around, words

REGIONS: Final = Path(__file__).parent / "regions"
KINDS: Final = re.compile(r"^(KOTA ADMINISTRASI|KABUPATEN ADMINISTRASI|KABUPATEN|KOTA)\s+")
IN_BETWEEN: Final = re.compile(
    r"(?<!\w)(?:kota|kab|kabupaten|kecamatan|kec|desa|daerah|pusat|selatan|utara|timur|barat|dan|sekitarnya|situ|sana|sini|indonesia|city)(?!\w)"
)
STATED, SURE, LED, LIKELY, NAMED, WIDE = 0.95, 0.9, 0.84, 0.7, 0.61, 0.6
# Their names are everyday words too: they count only behind a word for "in", or as the answer to "where".
EVERYDAY: Final = frozenset(words("everyday_places"))
IN: Final = around("places", "in", behind=r"(?:nya)? ?[:.,]? ?(?:kota |kab ?\.? ?|kabupaten |daerah |the )?$")
NEAR: Final = around("places", "in", behind=r" \w+(?:-\w+)?(?: \w+)? $")
OF_OTHERS: Final = around("places", "of_others")
OWN: Final = around("places", "own")
MOVES: Final = around("places", "moves")
STATES: Final = around("places", "states", behind=r" ?$")
PASSING: Final = around("places", "passing")
NOT_SO: Final = re.compile(
    r"(?<!\w)(?:bukan|not|gak|tidak|no longer|dulu|dulunya|used to be|sebelumnya|left|moved from|pindah dari)"
    r" ?(?:lagi )?(?:tinggal |berada |ada |based |living )?(?:lagi )?"
    r"(?:di|in|from|dari|yang di)? ?(?:kota |kab ?\.? ?)?$"
)
# "dulu kerja di bank 10 tahun, di siantar": the place belongs to the clause before.
LONELY: Final = re.compile(r" ?(?:di|in|at) ?")
FORMERLY: Final = re.compile(r"(?<!\w)(?:dulu|sebelumnya|before that|previously|used to|worked)(?!\w)[^.!?;\n]*$")
ASKED: Final = around("places", "asked")
AGREES: Final = re.compile(r"^(?:iyaa*|yaa*|yup|yep|yes+|yeah|betul|bener|benar|correct|right|yoi|leres|y)(?!\w)")
ASKED_IF: Final = re.compile(r"(?<!\w)(?:di|dari|in|from|domisili|based in)(?!\w)[^?]*\?|^(?:\w+[ ,]*){1,6}\?")
ELSEWHERE: Final = re.compile(r"^ ?(?:ke|to)(?!\w)")
JOINED: Final = re.compile(r"[ ,(./-]{1,3}(?:(?:kota|kab|kabupaten|di|daerah)\.? )?")
BUT: Final = re.compile(r"(?<!\w)(?:but|tapi|melainkan|tepatnya|correction ?:|ralat ?:?|maksud\w*)[ ,]*$")


class Place(NamedTuple):
    name: str
    wide: bool
    """A province: anything nearer is better."""


@cache
def places() -> Gazetteer[Place]:
    """Name in lower case to the official one. Where a city and a regency share a name, both are that name."""
    found: dict[str, Place] = {}
    for row in _rows("provinces.csv"):
        found[row["name"].lower()] = Place(row["name"].title(), True)
    provinces = {place.name for place in found.values()}
    for row in _rows("regencies.csv"):
        name = KINDS.sub("", row["name"])
        found[name.lower()] = Place(name.title(), False)
    for row in _rows("aliases.csv"):
        found[row["alias"]] = Place(row["name"], row["name"] in provinces or row["name"] in ("Jakarta", "Lampung"))
    return Gazetteer(found)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (REGIONS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


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
    if said.is_of_others(start, end) or PASSING.search(clause) or is_of_trade(said.text, start, end):
        return None
    if LONELY.fullmatch(clause) and FORMERLY.search(before):
        return None
    if NOT_SO.search(before) or OF_OTHERS.search(clause) or (ELSEWHERE.match(said.text, end) and led):
        return None
    if said.asks(end) and not re.search(
        r"(?<!\w)(?:saya|aku|gue|kami|i ?['’]? ?m|i am|we ?['’]? ?re|we are|my|usaha|toko|buat|untuk|for an?)(?!\w)",
        clause,
    ):
        return None
    apart = clause.strip() == "" and re.match(r" ?(?:$|[.,!\n]|ya|kak|tepatnya)", said.text[end:]) is not None
    everyday = said.text[start:end] in EVERYDAY
    if led:
        return SURE
    if asked and (not everyday or len(said.text.split()) <= 4):
        return SURE
    if said.corrects and not everyday:
        return SURE
    if not everyday and (apart or NEAR.search(before) or ends_with_trade(clause)):
        return LIKELY
    return None if everyday or said.asks(end) else NAMED


def mentions(text: str) -> Iterator[tuple[int, int, Place]]:
    """The longest names of places, without overlap."""
    return places().mentions(text)


@lru_cache(maxsize=5000)
def is_place(text: str) -> bool:
    """Whether a part of a line names a place and nothing else."""
    found = list(mentions(text))
    left = text
    for start, end, _ in reversed(found):
        left = left[:start] + left[end:]
    return bool(found) and not IN_BETWEEN.sub("", left).strip(" ,.")
