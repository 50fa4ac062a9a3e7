"""The state of the mirror for the operators' page: a headline, and the lag of each hop from Kapso to AI (pure)."""

from typing import Any, Final, Literal, NamedTuple, TypeAlias

from store.ops.status import CHATS_LATE_SECONDS, DRAIN_DEAD_SECONDS, LAG_LIMIT_SECONDS, MirrorStatus
from web.ops.trace_steps import span

State: TypeAlias = Literal["good", "slow", "bad", "unknown"]
# A hop with more lag is slow.
KAPSO_SLOW_SECONDS: Final = 10.0
MIRROR_SLOW_SECONDS: Final = 1.0
AI_SLOW_SECONDS: Final = 90.0
# Kapso gives up on a delivery after a minute or two: with more lag it is bad.
KAPSO_BAD_SECONDS: Final = 120.0


class Headline(NamedTuple):
    """`words` is a template for translation, `values` fill it. `href` links to what needs an operator, if any."""

    words: str
    values: dict[str, Any]
    href: str | None


class Hop(NamedTuple):
    """A step of the data from `begin` to `end`. `lag` is formatted, `waiting` counts deliveries; None is unknown."""

    begin: str
    end: str
    lag: str | None
    waiting: int | None
    state: State


def headline(status: MirrorStatus) -> Headline:
    letters = sum(one.open for one in status.letters)
    others = len(status.problems) - bool(letters)
    if others:
        return Headline("{n} problems need you", {"n": others + bool(letters)}, "#problems")
    if letters:
        return Headline("{n} failed events need you", {"n": letters}, "/ops/letters")
    if status.freshness_p50_ms is None:
        return Headline("All is well. Nothing arrived in the last minute.", {}, None)
    values = {"rate": status.per_second, "ms": round(status.freshness_p50_ms)}
    return Headline("All is well. {rate} deliveries a second; the mirror is {ms} ms behind.", values, None)


def hops(status: MirrorStatus, kapso_seconds: float | None, ai_seconds: float | None) -> list[Hop]:
    """Return the hops from Kapso to the inbox, to Postgres, and to AI."""
    away = status.stream is None or status.received is None
    dead = not status.drains or any(drain.seen_seconds > DRAIN_DEAD_SECONDS for drain in status.drains)
    p99 = None if status.freshness_p99_ms is None else status.freshness_p99_ms / 1000
    behind = max(status.oldest_seconds, p99 or 0.0)
    chats = status.chats
    failed = bool(chats and (chats.error or (chats.began_seconds or 0) > CHATS_LATE_SECONDS))
    return [
        Hop("Kapso", "inbox", _span(kapso_seconds), None, _state(kapso_seconds, KAPSO_SLOW_SECONDS, KAPSO_BAD_SECONDS)),
        Hop("inbox", "Postgres", None if away else span(behind), status.waiting,
            "bad" if away or dead else _state(behind, MIRROR_SLOW_SECONDS, LAG_LIMIT_SECONDS)),
        Hop("Postgres", "AI", _span(ai_seconds), None,
            "bad" if failed else _state(ai_seconds, AI_SLOW_SECONDS, CHATS_LATE_SECONDS)),
    ]  # fmt: skip


def _span(seconds: float | None) -> str | None:
    return None if seconds is None else span(seconds)


def _state(seconds: float | None, slow: float, bad: float) -> State:
    if seconds is None:
        return "unknown"
    return "bad" if seconds > bad else "slow" if seconds > slow else "good"
