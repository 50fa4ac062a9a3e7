"""All rules together, as one source."""

from collections.abc import Iterable, Sequence
from typing import Final

from rows.lead import FIELDS, Claim, Source
from rows.score import POINTS, Signal
from rows.window import Reading, Window
from workers.extraction.rules.business import businesses
from workers.extraction.rules.contacts import contacts
from workers.extraction.rules.durations import durations
from workers.extraction.rules.finding import Found, Said, conversation
from workers.extraction.rules.language import language
from workers.extraction.rules.names import names
from workers.extraction.rules.phrases import choices, closing, pains, signals
from workers.extraction.rules.places import WIDE, cities

RULES: Final = (names, businesses, cities, durations, contacts, choices)


class Rules:
    name = "rules@1"

    async def read(self, windows: Sequence[Window]) -> list[Reading | None]:
        return [read(window) for window in windows]

    async def close(self) -> None:
        pass


def read(window: Window) -> Reading:
    """What the customer says; a later line replaces an earlier one, and the surest of one line counts."""
    said, ours = conversation(window.lines)
    latest: dict[str, Found] = {}
    for one in said:
        for found in _best(found for rule in RULES for found in rule(one)):
            if not (found.field == "domisili" and found.confidence <= WIDE and found.field in latest):
                latest[found.field] = found
    latest.update((found.field, found) for found in closing(ours))
    if (spoken := language(said)) is not None:
        latest[spoken.field] = spoken
    reading = Reading(claims=[_claim(found) for name, found in latest.items() if name in FIELDS])
    reading.claims += _pains(said)
    seen = {found.value: found for one in said for found in signals(one)}
    seen |= {
        f"gave {'e-mail' if name == 'email' else name}": latest[name] for name in ("phone", "email") if name in latest
    }
    reading.signals = [Signal(name, found.line.id, found.quote) for name, found in seen.items()]
    if latest.get("objection_raised") and latest["objection_raised"].value == "no need":
        found = latest["objection_raised"]
        reading.signals.append(Signal("not interested", found.line.id, found.quote))
    assert all(signal.name in POINTS for signal in reading.signals)
    return reading


def _best(found: Iterable[Found]) -> list[Found]:
    best: dict[str, Found] = {}
    for one in found:
        rival = best.get(one.field)
        if rival is None or (one.confidence, one.start) >= (rival.confidence, rival.start):
            best[one.field] = one
    return list(best.values())


def _pains(said: Sequence[Said]) -> list[Claim]:
    """All of them together: each is told in its own time."""
    found = {one.value: one for line in said for one in pains(line)}
    if not found:
        return []
    last = list(found.values())[-1]
    values: list[str] = list(found)
    return [Claim("pain_points", values, Source.AI, Rules.name, None, last.line.id, last.quote, last.confidence)]


def _claim(found: Found) -> Claim:
    return Claim(found.field, found.value, Source.AI, Rules.name, None, found.line.id, found.quote, found.confidence)
