"""Names of cities and regencies, their slang, and provinces: each leads to the official name."""

import csv
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from workers.extraction.rules.gazetteer import Gazetteer

REGIONS: Final = Path(__file__).parent / "regions"
KINDS: Final = re.compile(r"^(KOTA ADMINISTRASI|KABUPATEN ADMINISTRASI|KABUPATEN|KOTA)\s+")
IN_BETWEEN: Final = re.compile(
    r"(?<!\w)(?:kota|kab|kabupaten|kecamatan|kec|desa|daerah|pusat|selatan|utara|timur|barat|dan|sekitarnya|situ|sana|sini|indonesia|city)(?!\w)"
)


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
