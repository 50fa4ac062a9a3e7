"""Where the customer is: cities and regencies by their official names, their slang, provinces."""

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.vocabulary import around, words

REGIONS: Final = Path(__file__).parent / "regions"
KINDS: Final = re.compile(r"^(KOTA ADMINISTRASI|KABUPATEN ADMINISTRASI|KABUPATEN|KOTA)\s+")
LONGEST: Final = 4
LETTERS: Final = re.compile(r"[a-z]+")
SURE, LIKELY, WIDE = 0.9, 0.7, 0.6
# Their names are everyday words too: they count only behind a word for "in", or as the answer to "where".
EVERYDAY: Final = frozenset(words("everyday_places"))
IN: Final = around("places", "in", behind=r"(?:nya)? ?[:.,]? ?(?:kota |kab ?\.? ?|kabupaten |daerah |the )?$")
OF_OTHERS: Final = around("places", "of_others")
NOT_SO: Final = re.compile(
    r"(?<!\w)(?:bukan|not|gak|tidak|no longer|dulu|dulunya|used to be|sebelumnya|left|moved from|pindah dari)"
    r" ?(?:lagi )?(?:di|in|from|dari|yang di)? ?(?:kota |kab ?\.? ?)?$"
)
ASKED: Final = around("places", "asked")
AGREES: Final = re.compile(r"^(?:iya|ya|yup|yep|yes|betul|bener|benar|correct|right|yoi|y)(?!\w)")
ASKED_IF: Final = re.compile(r"(?<!\w)(?:di|dari|in|from|domisili|based in)(?!\w)[^?]*\?")
ELSEWHERE: Final = re.compile(r"^ ?(?:ke|to)(?!\w)")
BUT: Final = re.compile(r"(?<!\w)(?:but|tapi|melainkan|tepatnya|correction ?:|ralat ?:?|maksud\w*)[ ,]*$")


class Place(NamedTuple):
    name: str
    wide: bool
    """A province: anything nearer is better."""


@cache
def places() -> Mapping[str, Place]:
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
    return found


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (REGIONS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def cities(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.topic) is not None
    for start, end, place in mentions(said.text):
        confidence = _confidence(said, start, end, asked=asked)
        if confidence:
            yield FoundValue("domisili", place.name, said.line, WIDE if place.wide else confidence, start, end)
    if AGREES.match(said.text) and ASKED_IF.search(said.asked):
        for _, _, place in mentions(said.asked):
            yield FoundValue("domisili", place.name, said.line, WIDE, 0, len(said.text))


def _confidence(said: SpelledLine, start: int, end: int, *, asked: bool) -> float | None:
    before, clause = said.text[:start], said.before(start)
    led = IN.search(before) is not None or BUT.search(before) is not None
    if NOT_SO.search(before) or OF_OTHERS.search(clause) or (ELSEWHERE.match(said.text, end) and led):
        return None
    if said.asks(end) and not re.search(
        r"(?<!\w)(?:saya|aku|gue|kami|i ?['’]? ?m|i am|we ?['’]? ?re|we are|my|usaha|toko)(?!\w)", clause
    ):
        return None
    apart = clause.strip() == "" and re.match(r" ?(?:$|[.,!\n]|ya|kak|tepatnya)", said.text[end:]) is not None
    everyday = said.text[start:end] in EVERYDAY
    if led:
        return SURE
    if asked and (not everyday or len(said.text.split()) <= 4):
        return SURE
    if (apart or said.corrects) and not everyday:
        return LIKELY
    return None


def mentions(text: str) -> Iterator[tuple[int, int, Place]]:
    """The longest names of places, without overlap."""
    found = list(LETTERS.finditer(text))
    parts = [one[0] for one in found]
    known, first_words, at = places(), first_words_of_places(), 0
    while at < len(parts):
        if parts[at] in first_words:
            for width in range(min(LONGEST, len(parts) - at), 0, -1):
                if place := known.get(" ".join(parts[at : at + width])):
                    yield found[at].start(), found[at + width - 1].end(), place
                    at += width - 1
                    break
        at += 1


@cache
def first_words_of_places() -> frozenset[str]:
    return frozenset(name.split()[0] for name in places())
