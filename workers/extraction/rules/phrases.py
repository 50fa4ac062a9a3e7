"""Closed vocabularies: pains, motives, urgency, objections, closing, and the signals that make the score."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.finding import Found, Said
from workers.extraction.rules.vocabulary import NO, around, phrases

DENIED: Final = re.compile(rf"(?<!\w)(?:{NO}|bukan|tanpa|without)\s+(?:\w+\s+)?$")
# Dear to them already: not what we ask for.
ABOUT_OTHERS: Final = around("phrases", "about_others")
# The last of these that is said counts.
ONE_OF: Final = ("interest_motivation", "priority", "urgency_level", "objection_raised")
# These say what they say also behind a "no".
MAY_BE_DENIED: Final = frozenset({"objection_raised"})
NOT_IN_QUESTIONS: Final = frozenset({"objection_raised", "urgency_level"})


def pains(said: Said) -> Iterator[Found]:
    for value, pattern in phrases("pain_points").within(said.letters):
        if match := pattern.search(said.text):
            yield said.found("pain_points", value, match, 0.8)


def choices(said: Said) -> Iterator[Found]:
    for field in ONE_OF:
        found = [
            said.found(field, value, match, 0.7)
            for value, pattern in phrases(field).within(said.letters)
            for match in pattern.finditer(said.text)
            if _counts(field, said, match)
        ]
        if found:
            yield max(found, key=lambda one: one.start)


def signals(said: Said) -> Iterator[Found]:
    for name, pattern in phrases("signals").within(said.letters):
        match = pattern.search(said.text)
        if match and not DENIED.search(said.text[: match.start()]):
            yield said.found(name, name, match, 0.8)


def closing(said: Said) -> Iterator[Found]:
    """How one of our own lines tries to close; the last way counts."""
    found = [
        said.found("closing_technique_used", value, match, 0.7)
        for value, pattern in phrases("closing_technique_used").within(said.letters)
        if (match := pattern.search(said.text))
    ]
    if found:
        yield max(found, key=lambda one: one.start)


def _counts(field: str, said: Said, match: re.Match[str]) -> bool:
    if field not in MAY_BE_DENIED and DENIED.search(said.text[: match.start()]):
        return False
    if field == "objection_raised" and ABOUT_OTHERS.search(said.before(match.start())):
        return False
    return not (field in NOT_IN_QUESTIONS and said.asks(match.end()))
