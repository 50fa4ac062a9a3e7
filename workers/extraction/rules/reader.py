"""All rules together, as one source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rows.lead import FIELDS, Claim, Source
from rows.score import POINTS, Signal
from rows.window import Line, Reading, Window
from workers.extraction.rules.business import businesses
from workers.extraction.rules.contacts import contacts
from workers.extraction.rules.durations import durations
from workers.extraction.rules.finding import LONGEST, Found, Said, gives_orders, in_context, said
from workers.extraction.rules.language import SILENT, Tongue, language, tongue
from workers.extraction.rules.names import names
from workers.extraction.rules.phrases import choices, closing, pains, signals
from workers.extraction.rules.places import WIDE, cities

RULES: Final = (names, businesses, cities, durations, contacts, choices)
GIVEN: Final = {"phone": "gave phone", "email": "gave e-mail"}
# A chat that goes on is read again; what its earlier lines say does not change.
LINES_KEPT: Final = 200_000


class Rules:
    name = "rules@1"

    async def read(self, windows: Sequence[Window]) -> list[Reading | None]:
        return [read(window) for window in windows]

    async def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Told:
    """What one line says."""

    fields: tuple[Found, ...] = ()
    pains: tuple[Found, ...] = ()
    signals: tuple[Found, ...] = ()
    tongue: Tongue = SILENT


def read(window: Window) -> Reading:
    """What the customer says; a later line replaces an earlier one, and the surest of one line counts."""
    told = [(line, of_line(line, asked, topic)) for line, asked, topic in in_context(window.lines)]
    latest = _latest(one for _, one in told)
    spoken = language([(line, one.tongue) for line, one in told if line.inbound])
    if spoken is not None:
        latest[spoken.field] = spoken
    reading = Reading(claims=[_claim(found) for name, found in latest.items() if name in FIELDS])
    reading.claims += _pains(one for _, one in told)
    seen = [(found.value, found) for _, one in told for found in _signals(one)]
    seen += [(signal, latest[name]) for name, signal in GIVEN.items() if name in latest]
    reading.signals = [Signal(name, found.line.id, found.quote) for name, found in seen]
    assert all(signal.name in POINTS for signal in reading.signals)
    return reading


@lru_cache(maxsize=LINES_KEPT)
def of_line(line: Line, asked: str, topic: str) -> Told:
    """`asked` is what we had said right before it, `topic` what we had said last."""
    if not line.inbound:
        ours = said(line)
        return Told(_quoted(ours, closing(ours)))
    if gives_orders(line.text[:LONGEST]):
        return Told()
    one = said(line, asked, topic)
    fields = _best(found for rule in RULES for found in rule(one))
    return Told(_quoted(one, fields), _quoted(one, pains(one)), _quoted(one, signals(one)), tongue(line.text[:LONGEST]))


def _quoted(one: Said, found: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(each if each.quote else each._replace(quote=one.written(each.start, each.end)) for each in found)


def _signals(told: Told) -> list[Found]:
    """Of one line, in which no need may be said as an objection."""
    refusals = [one for one in told.fields if one.field == "objection_raised" and one.value == "no need"]
    return [*told.signals, *(one._replace(value="not interested") for one in refusals)]


def _latest(told: Iterable[Told]) -> dict[str, Found]:
    latest: dict[str, Found] = {}
    for one in told:
        for found in one.fields:
            if not (found.field == "domisili" and found.confidence <= WIDE and found.field in latest):
                latest[found.field] = found
    return latest


def _best(found: Iterable[Found]) -> list[Found]:
    best: dict[str, Found] = {}
    for one in found:
        rival = best.get(one.field)
        if rival is None or (one.confidence, one.start) >= (rival.confidence, rival.start):
            best[one.field] = one
    return list(best.values())


def _pains(told: Iterable[Told]) -> list[Claim]:
    """All of them together: each is told in its own time."""
    found = {pain.value: pain for one in told for pain in one.pains}
    if not found:
        return []
    last = list(found.values())[-1]
    values: list[str] = list(found)
    return [Claim("pain_points", values, Source.AI, Rules.name, None, last.line.id, last.quote, last.confidence)]


def _claim(found: Found) -> Claim:
    return Claim(found.field, found.value, Source.AI, Rules.name, None, found.line.id, found.quote, found.confidence)
