"""Complaints. A person who complains is a customer, so a refusal in or after a complaint does not count (pure)."""

from collections.abc import Sequence
from typing import Final

from domain.score import ScoreSignal
from domain.window import ChatLine
from workers.extraction.rules.finding import LONGEST, spelled_out
from workers.extraction.rules.vocabulary import around

COMPLAINS: Final = around("phrases", "complains")
REFUSAL: Final = "not interested"


def complains(text: str) -> bool:
    """Return whether a message complains or corrects ("jangan kirim ke Jakarta lagi, ke Semarang")."""
    return COMPLAINS.search(spelled_out(text[:LONGEST])) is not None


def without_complaints(signals: Sequence[ScoreSignal], lines: Sequence[ChatLine]) -> list[ScoreSignal]:
    """Leave out refusals in a complaint or after one, whichever source read them. `lines` are oldest first."""
    if not any(signal.name == REFUSAL for signal in signals):
        return list(signals)
    inbound = [(line.id, line.text) for line in lines if line.inbound]
    first = next((place for place, (_, text) in enumerate(inbound) if complains(text)), len(inbound))
    from_complaint = {id for id, _ in inbound[first:]}
    return [signal for signal in signals if signal.name != REFUSAL or signal.message_id not in from_complaint]
