"""How good a lead is: named signals with points, so that "72 because…" can be shown (pure)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

# What each signal says, and what it is worth. A fact counts once, however often it is said.
POINTS: Final[Mapping[str, int]] = {
    "gave name": 5,
    "gave business": 10,
    "gave city": 5,
    "established business": 5,
    "told a pain": 10,
    "several pains": 5,
    "told a motivation": 5,
    "asked price": 15,
    "asked how it works": 5,
    "asked for a demo": 15,
    "asked how to buy": 20,
    "said yes": 15,
    "urgent": 15,
    "named a budget": 10,
    "named stakeholders": 5,
    "gave phone": 5,
    "gave e-mail": 5,
    "no hurry": -10,
    "objected": -5,
    "not interested": -40,
}
# By the type under which `leads` lists a signal.
SIGNAL_NAMES: Final[Mapping[str, str]] = {name.replace("-", "").replace(" ", "_"): name for name in POINTS}
# Who says one takes the other back.
OPPOSITES: Final[Mapping[str, tuple[str, ...]]] = {
    "said yes": ("not interested",),
    "asked how to buy": ("not interested",),
    "not interested": ("said yes", "asked how to buy"),
}
# From which field each follows.
FOLLOWS: Final[Mapping[str, str]] = {
    "gave name": "name", "gave business": "business_type", "gave city": "domisili",
    "established business": "business_duration", "told a pain": "pain_points", "several pains": "pain_points",
    "told a motivation": "interest_motivation", "urgent": "urgency_level", "no hurry": "urgency_level",
    "objected": "objection_raised",
}  # fmt: skip
EMPTY: Final[Mapping[str, Any]] = {}
HOT, WARM, LUKEWARM = 70, 45, 20


class ScoreSignal(NamedTuple):
    """Seen in a message, or following from a field (then without one)."""

    name: str
    message_id: str | None = None
    quote: str | None = None
    value: float | None = None
    """Of a budget, in the currency of the chat."""
    number: int | None = None
    """Of stakeholders."""


class ShownAt(NamedTuple):
    """Where a field was read."""

    message_id: str | None
    quote: str | None


def merged(
    stored: Mapping[str, Any], seen: Iterable[ScoreSignal], names: Iterable[str], shown: Mapping[str, ShownAt] = EMPTY
) -> dict[str, Any]:
    """Return the signals to keep: stored signals that a message showed, the signals in `seen` (oldest first; each
    replaces its stored one and removes its opposites), and `names`, the signals that follow from lead fields.

    `shown` gives the message and quote of each field that was read now. A signal that follows from any other field
    keeps its stored message and quote.
    """
    kept = {
        name: signal
        for name, signal in stored.items()
        if name in POINTS and signal.get("message_id") and not signal.get("follows")
    }
    for signal in seen:
        for opposite in OPPOSITES.get(signal.name, ()):
            kept.pop(opposite, None)
        measured = {"value": signal.value, "count": signal.number}
        kept[signal.name] = {
            "points": POINTS[signal.name], "message_id": signal.message_id, "quote": signal.quote,
            **{name: one for name, one in measured.items() if one is not None},
        }  # fmt: skip
    for name in names:
        field = FOLLOWS.get(name, name)
        told = shown.get(field)
        before = stored.get(name, {})
        message_id, quote = told or (before.get("message_id"), before.get("quote"))
        kept[name] = {"points": POINTS[name], "message_id": message_id, "quote": quote, "follows": field}
    return kept


def following(fields: Mapping[str, Any]) -> list[str]:
    """The signals that follow from what is known."""
    pains = fields.get("pain_points") or []
    duration = fields.get("business_duration") or ""
    found = {
        "gave name": fields.get("name"),
        "gave business": fields.get("business_type"),
        "gave city": fields.get("domisili"),
        "established business": "year" in duration or "since" in duration or "tahun" in duration,
        "told a pain": pains,
        "several pains": len(pains) > 1,
        "told a motivation": fields.get("interest_motivation"),
        "urgent": fields.get("urgency_level") == "high",
        "no hurry": fields.get("urgency_level") == "low",
        "objected": fields.get("objection_raised"),
    }
    return [name for name, so in found.items() if so]


def score(signals: Mapping[str, Any]) -> int:
    return max(0, min(100, sum(int(signal["points"]) for signal in signals.values())))


def because(signals: Mapping[str, Any]) -> str:
    """'asked price +15, gave business +10'; the heaviest first."""
    weighed = sorted(signals.items(), key=lambda one: (-abs(one[1]["points"]), one[0]))
    return ", ".join(f"{name} {signal['points']:+d}" for name, signal in weighed)


def temperature(points: int) -> str:
    return "hot" if points >= HOT else "warm" if points >= WARM else "lukewarm" if points >= LUKEWARM else "cold"


def phase(fields: Mapping[str, Any], signals: Mapping[str, Any]) -> str:
    """A: nothing known; B: who they are; C: what they need; D: closing."""
    if signals.keys() & {"asked how to buy", "said yes"} or fields.get("objection_raised"):
        return "D"
    if fields.get("pain_points") or fields.get("interest_motivation"):
        return "C"
    return "B" if any(fields.get(name) for name in ("name", "business_type", "domisili")) else "A"
