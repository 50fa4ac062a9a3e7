"""All rules together, as one source."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from domain.lead import Claim, Source
from domain.lead_fields import FIELDS
from domain.score import POINTS
from domain.window import ChatLine, ChatWindow, ReadValues
from workers.extraction.rules import story
from workers.extraction.rules.amounts import measured
from workers.extraction.rules.budgets import budgets
from workers.extraction.rules.business import businesses
from workers.extraction.rules.complaints import without_complaints
from workers.extraction.rules.contacts import contacts
from workers.extraction.rules.disowned import disowns, owned, speaks_of_self
from workers.extraction.rules.durations import durations
from workers.extraction.rules.finding import LONGEST, FoundValue, SpelledLine, in_context, said
from workers.extraction.rules.language import language, tongue
from workers.extraction.rules.names import names
from workers.extraction.rules.pains import pains, without_passing
from workers.extraction.rules.phrases import choices, closing, refuses, signals
from workers.extraction.rules.places import WIDE, cities
from workers.extraction.rules.story import sentences
from workers.extraction.rules.talk import is_no_customer, own_words
from workers.extraction.rules.told import Told
from workers.extraction.rules.vocabulary import around

NOT_EXPENSIVE: Final = around("phrases", "not_expensive")
RULES: Final = (names, businesses, cities, durations, contacts, budgets, choices)
LEFT_BY: Final = {"phone": "gave phone", "email": "gave e-mail"}
# What a chat may fill in: the fields of the lead, and of its profile the e-mail address.
WRITTEN: Final = (*FIELDS, "email")
ABOUT_THEM: Final = frozenset({"business_type", "domisili", "business_duration"})
"""What customers mention in passing after they stated it: a value that is less sure by MARGIN replaces none."""
SAID_ONCE: Final = frozenset({"business_type", "domisili"})
"""Of these, a later value replaces an earlier one only if it is surer by MARGIN, or corrects: a second trade or place
is mostly somebody else's."""
MARGIN: Final = 0.04
"""Of confidence."""
STATED_AGAIN: Final = 0.95
"""So sure is a line that says it of the writer in so many words: "saya di Medan"."""
# A chat that goes on is read again; what its earlier lines say does not change.
LINES_KEPT: Final = 400_000
MOST_PAINS: Final = 20
"""As many as the field holds."""
OURS_KEPT: Final = 5_000


class Rules:
    name = "rules@2"

    def __init__(self, region: str | None = None) -> None:
        """`region` is the country of numbers without a country code, such as ID; without it they are not read."""
        self._region = region

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        return [read(window, self._region) for window in windows]

    async def close(self) -> None:
        pass


def read(window: ChatWindow, region: str | None = None) -> ReadValues:
    """What the customer says; a later line replaces an earlier one, and the surest of one line counts."""
    told = [(line, of_line(line, asked, topic, region)) for line, asked, topic in in_context(window.lines)]
    if any(one.is_no_customer for _, one in told):
        return ReadValues()
    spoken = language([(line, one.tongue) for line, one in told if line.inbound])
    told = owned(told)
    latest = _latest(one for _, one in told)
    if spoken is not None:
        latest[spoken.field] = spoken
    reading = ReadValues(claims=[_claim(found) for name, found in latest.items() if name in WRITTEN])
    reading.claims += _pains([one for _, one in told])
    reading.claims += _story([found for _, one in told for found in one.story])
    seen = [(str(found.value), found) for _, one in told for found in one.signals]
    seen += [(signal, latest[name]) for name, signal in LEFT_BY.items() if name in latest]
    reading.signals = [measured(name, found.line.id, found.quote) for name, found in seen]
    reading.signals = without_complaints(reading.signals, window.lines)
    assert all(signal.name in POINTS for signal in reading.signals)
    return reading


def of_line(line: ChatLine, asked: str, topic: str, region: str | None) -> Told:
    """`asked` is what we had said right before it, `topic` what we had said last; `region` as in Rules."""
    if line.inbound:
        return _of_theirs(line, asked, topic, region)
    return Told(tuple(found._replace(line=line) for found in _of_ours(line.text)))


@lru_cache(maxsize=LINES_KEPT)
def _of_theirs(line: ChatLine, asked: str, topic: str, region: str | None) -> Told:
    if is_no_customer(line.text[:LONGEST]):
        return Told(is_no_customer=True)
    own = line._replace(text=own_words(line.text[:LONGEST], topic))
    one = said(own, asked, topic, region)
    fields = _best(found for rule in RULES for found in rule(one))
    seen = (*signals(one), *_refusals(one, fields))
    return Told(
        _quoted(one, fields), _quoted(one, pains(one)), _quoted(one, seen), tuple(sentences(one)),
        corrects=one.corrects, disowns=disowns(one), speaks_of_self=speaks_of_self(one),
        is_not_expensive=NOT_EXPENSIVE.search(one.text) is not None, tongue=tongue(own.text),
    )  # fmt: skip


@lru_cache(maxsize=OURS_KEPT)
def _of_ours(text: str) -> tuple[FoundValue, ...]:
    """How one of our own lines tries to close. A bot says the same to many."""
    ours = said(ChatLine("", False, text))
    return _quoted(ours, closing(ours))


def _quoted(one: SpelledLine, found: Iterable[FoundValue]) -> tuple[FoundValue, ...]:
    return tuple(each if each.quote else each._replace(quote=one.written(each.start, each.end)) for each in found)


def _refusals(one: SpelledLine, fields: Iterable[FoundValue]) -> list[FoundValue]:
    """Return the signal "not interested" if the line has the objection "no need" and turns down the whole offer."""
    said = [found for found in fields if found.field == "objection_raised" and found.value == "no need"]
    return [found._replace(value="not interested") for found in said if refuses(one)]


def _latest(told: Iterable[Told]) -> dict[str, FoundValue]:
    """A later line replaces an earlier one, but a passing mention replaces no statement."""
    latest: dict[str, FoundValue] = {}
    for one in told:
        if one.is_not_expensive and "objection_raised" in latest and latest["objection_raised"].value == "price":
            del latest["objection_raised"]  # "oh, I misread it, that is not expensive"
        for found in one.fields:
            before = latest.get(found.field)
            again = found.field in SAID_ONCE and not one.corrects and found.confidence < STATED_AGAIN
            margin = -MARGIN if again else MARGIN
            passing = found.field in ABOUT_THEM and before is not None and found.confidence < before.confidence - margin
            if not passing and not (found.field == "domisili" and found.confidence <= WIDE and before):
                latest[found.field] = found
    return latest


def _best(found: Iterable[FoundValue]) -> list[FoundValue]:
    best: dict[str, FoundValue] = {}
    for one in found:
        rival = best.get(one.field)
        if rival is None or _rank(one) >= _rank(rival):
            best[one.field] = one
    return list(best.values())


def _rank(found: FoundValue) -> tuple[float, int, int]:
    """The surest of a line counts; of equally sure ones the last, but of trades the first and longest."""
    return found.confidence, -found.start if found.field == "business_type" else found.start, found.end


def _pains(told: Sequence[Told]) -> list[Claim]:
    """All of them together: each is told in its own time."""
    found = {str(pain.value): pain for pain in without_passing([pain for one in told for pain in one.pains])}
    if not found:
        return []
    last = list(found.values())[-1]
    values: list[str] = list(found)[:MOST_PAINS]
    return [Claim("pain_points", values, Source.AI, Rules.name, None, last.line.id, last.quote, last.confidence)]


def _story(found: list[FoundValue]) -> list[Claim]:
    if not found:
        return []
    last = found[-1]
    return [_claim(last._replace(value=story.told(found)))]


def _claim(found: FoundValue) -> Claim:
    return Claim(found.field, found.value, Source.AI, Rules.name, None, found.line.id, found.quote, found.confidence)
