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
    "gave phone": 5,
    "gave e-mail": 5,
    "no hurry": -10,
    "objected": -5,
    "not interested": -40,
}
# Who says one takes the other back.
OPPOSITES: Final[Mapping[str, tuple[str, ...]]] = {
    "said yes": ("not interested",),
    "asked how to buy": ("not interested",),
    "not interested": ("said yes", "asked how to buy"),
}
HOT, WARM, LUKEWARM = 70, 45, 20


class Signal(NamedTuple):
    """Seen in a message, or following from a field (then without one)."""

    name: str
    message_id: str | None = None
    quote: str | None = None


def merged(stored: Mapping[str, Any], seen: Iterable[Signal], names: Iterable[str]) -> dict[str, Any]:
    """The signals to keep: stored ones stay, seen ones (oldest first) are renewed, `names` follow from fields."""
    kept = {name: signal for name, signal in stored.items() if name in POINTS and signal.get("message_id")}
    for signal in seen:
        for opposite in OPPOSITES.get(signal.name, ()):
            kept.pop(opposite, None)
        kept[signal.name] = {
            "points": POINTS[signal.name], "message_id": signal.message_id, "quote": signal.quote,
        }  # fmt: skip
    for name in names:
        kept[name] = {"points": POINTS[name]}
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
