"""How the mirror is doing, as the operators' page says it first: a sentence, and the way from Kapso to AI (pure)."""

from typing import Any, Final, Literal, NamedTuple, TypeAlias

from store.ops.status import CHATS_LATE_SECONDS, DRAIN_DEAD_SECONDS, LAG_LIMIT_SECONDS, MirrorStatus

State: TypeAlias = Literal["good", "slow", "bad", "unknown"]
# Later than these is shown as slow.
KAPSO_SLOW_SECONDS: Final = 10.0
MIRROR_SLOW_SECONDS: Final = 1.0
AI_SLOW_SECONDS: Final = 90.0
# Later than this, Kapso is shown as bad: it gives up on a delivery after a minute or two.
KAPSO_BAD_SECONDS: Final = 120.0


class Headline(NamedTuple):
    """`words` are translated and filled in with `values`; `href` leads to what needs somebody, if anything."""

    words: str
    values: dict[str, Any]
    href: str | None


class Leg(NamedTuple):
    """A part of the way. `seconds` is how late it is, `waiting` how many wait for it; None is not known."""

    begin: str
    end: str
    seconds: float | None
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


def way(status: MirrorStatus, kapso_seconds: float | None, ai_seconds: float | None) -> list[Leg]:
    """From Kapso into the inbox, from there into Postgres, and from there through AI into the leads."""
    away = status.stream is None or status.received is None
    dead = not status.drains or any(drain.seen_seconds > DRAIN_DEAD_SECONDS for drain in status.drains)
    p99 = None if status.freshness_p99_ms is None else status.freshness_p99_ms / 1000
    behind = max(status.oldest_seconds, p99 or 0.0)
    chats = status.chats
    failed = bool(chats and (chats.error or (chats.began_seconds or 0) > CHATS_LATE_SECONDS))
    return [
        Leg("Kapso", "inbox", kapso_seconds, None, _state(kapso_seconds, KAPSO_SLOW_SECONDS, KAPSO_BAD_SECONDS)),
        Leg("inbox", "Postgres", None if away else behind, status.waiting,
            "bad" if away or dead else _state(behind, MIRROR_SLOW_SECONDS, LAG_LIMIT_SECONDS)),
        Leg("Postgres", "AI", ai_seconds, None,
            "bad" if failed else _state(ai_seconds, AI_SLOW_SECONDS, CHATS_LATE_SECONDS)),
    ]  # fmt: skip


def _state(seconds: float | None, slow: float, bad: float) -> State:
    if seconds is None:
        return "unknown"
    return "bad" if seconds > bad else "slow" if seconds > slow else "good"
