"""The lines of a trace, and its verdict (pure)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple


class TraceStep(NamedTuple):
    """One line. `words` is a template for translation, `values` fill it in.

    `then` holds later stages, each with the time since the one before. The page shows `ids` on request, and folds
    `polled` steps: a poll repeats what was pushed.
    """

    at: datetime | None
    words: str
    values: dict[str, Any]
    dead: bool = False
    then: Sequence[tuple[str, str]] = ()
    ids: Sequence[str] = ()
    polled: bool = False


class TraceVerdict(NamedTuple):
    """The result in one sentence. `href` links to the page where an operator can act."""

    words: str
    values: dict[str, Any]
    bad: bool = False
    href: str | None = None


def delivery_step(row: Any) -> TraceStep:
    """Return one line for the receipt and the settling of a delivery."""
    books = {"applied": row["applied"], "ignored": row["ignored"], "dead": row["dead"]}
    came = {"event": row["event"] or "–", "source": row["source"], "span": span(_settling(row))}
    return TraceStep(
        row["received_at"],
        "received: {event} by {source}; settled after {span}: {applied} applied, {ignored} ignored, {dead} dead",
        came | books, dead=row["dead"] > 0, ids=[f"delivery {row['id']}", f"key {row['idempotency_key'] or '–'}"],
        polled=row["source"] != "push",
    )  # fmt: skip


def letter_steps(rows: Sequence[Any]) -> list[TraceStep]:
    """Return one line for each dead letter."""
    return [
        TraceStep(
            row["last_failed_at"], "failed event {id}, {state}: {kind}: {error}, tried {attempts} times",
            {"id": row["id"], "state": row["state"], "kind": row["error_kind"], "error": row["error"],
             "attempts": row["attempts"]}, dead=True,
        )
        for row in rows
    ]  # fmt: skip


STAGES: Final = {"delivered": "delivered_at", "read": "read_at", "failed": "failed_at", "edited": "edited_at",
                 "deleted by its sender": "revoked_at"}  # fmt: skip


def message_step(row: Any, deliveries: Sequence[Any]) -> TraceStep:
    """Return one line for a message: when it was sent, received, stored, delivered and read.

    Kapso's times are whole seconds.
    """
    at, then = row["sent_at"], list[tuple[str, str]]()
    if at and (received := row["first_received_at"]):
        then.append(("received", span((received - at).total_seconds())))
        if came := next((one for one in deliveries if one["received_at"] == received), None):
            then.append(("in the mirror", span(_settling(came))))
    before = at
    for name, column in STAGES.items():
        if row[column] and before:
            then.append((name, f"{(row[column] - before).total_seconds():.0f} s"))  # whole seconds
            before = row[column]
    what = {"kind": row["type"] or "–", "direction": row["direction"] or "–"}
    return TraceStep(at, "sent: {direction} {kind}", what, dead=bool(row["failed_at"]), then=then, ids=[row["id"]])


def verdict_of_letters(rows: Sequence[Any]) -> TraceVerdict | None:
    """Return the verdict for the first open letter; None if none is open."""
    for row in rows:
        if row["state"] == "open":
            values = {"kind": row["error_kind"], "error": row["error"]}
            href = f"/ops/letters/{row['fingerprint']}"
            return TraceVerdict("It failed and needs an operator: {kind}: {error}", values, bad=True, href=href)
    return None


def verdict_of_delivery(row: Any) -> TraceVerdict:
    if row["applied"]:
        return TraceVerdict("It was applied {span} after it was received.", {"span": span(_settling(row))})
    if row["dead"]:
        return TraceVerdict("It failed. Its failed events were replayed or discarded since.", {})
    return TraceVerdict("The mirror ignored its events: it does not store their kind.", {})


def verdict_of_message(message: Any, deliveries: Sequence[Any]) -> TraceVerdict:
    if message["failed_at"]:
        return TraceVerdict("It is in the mirror. WhatsApp could not deliver it to the person.", {}, bad=True)
    came = next((one for one in deliveries if one["received_at"] == message["first_received_at"]), None)
    if came is None:
        return TraceVerdict("It is in the mirror.", {})
    return TraceVerdict("It is in the mirror, {span} after it was received.", {"span": span(_settling(came))})


def verdict_of_person(messages: Sequence[Any]) -> TraceVerdict:
    if not messages:
        return TraceVerdict("The person is known, but has no messages yet.", {})
    if failed := sum(row["failed_at"] is not None for row in messages):
        return TraceVerdict(
            "WhatsApp could not deliver {n} of the last messages to this person.", {"n": failed}, bad=True
        )
    return TraceVerdict(
        "Nothing of this person failed or waits. The last {n} messages are below.", {"n": len(messages)}
    )


def span(seconds: float) -> str:
    """Format a duration: 46 ms, 2.5 s, 12 min, 3 h."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if abs(seconds) < 5400 else f"{seconds / 3600:.0f} h"


def _settling(row: Any) -> float:
    return float((row["settled_at"] - row["received_at"]).total_seconds())
