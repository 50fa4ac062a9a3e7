"""A chat as bubbles (pure): words, media, ticks, the message it answers, reactions on the message they are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

MEDIA = {"image": "image", "sticker": "image", "video": "video", "audio": "audio", "document": "document"}
TICKS = {
    "pending": "clock",
    "sent": "tick",
    "delivered": "ticks",
    "read": "ticks",
    "played": "ticks",
    "failed": "alert",
}
QUOTE = 80


@dataclass(slots=True)
class Bubble:
    id: str
    direction: str
    at: datetime | None
    words: str | None = None
    kind: str = "text"
    label: str | None = None
    """What it is where it has no words: the name of a file, a place, a template."""
    media: str | None = None
    """image, video, audio or document: to be had at /media/{id}."""
    transcript: str | None = None
    status: str | None = None
    tick: str | None = None
    error: str | None = None
    answers: str | None = None
    """The first words of the message it answers; empty when we do not have that one."""
    reactions: list[str] = field(default_factory=list)


def bubbles(rows: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Of rows of messages, newest first; oldest first comes back."""
    found: dict[str, Bubble] = {}
    reactions: dict[str, dict[str, str]] = {}
    for row in reversed(rows):
        content = orjson.loads(row["content"]) if row["content"] else None
        part = content if isinstance(content, dict) else {}
        if row["type"] == "reaction" and isinstance(target := part.get("message_id"), str):
            # One a side, the newest; an empty one takes it back.
            reactions.setdefault(target, {})[row["direction"] or ""] = str(part.get("emoji") or "")
        else:
            found[row["id"]] = _bubble(row, part, found)
    for target, by_side in reactions.items():
        if target in found:
            found[target].reactions = [emoji for emoji in by_side.values() if emoji]
    return list(found.values())


def _bubble(row: Mapping[str, Any], part: dict[str, Any], before: Mapping[str, Bubble]) -> Bubble:
    outbound = row["direction"] == "outbound"
    return Bubble(
        id=row["id"],
        direction=row["direction"] or "unknown",
        at=row["sent_at"],
        words=row["text"],
        kind=row["type"] or "unknown",
        label=_label(row["type"], part),
        media=MEDIA.get(row["type"] or "") if row["media_url"] else None,
        transcript=row["transcript"],
        status=row["status"] if outbound else None,
        tick=TICKS.get(row["status"] or "", "clock") if outbound else None,
        error=_error(row["error"]),
        answers=_answered(row["reply_to_id"], before),
    )


def _label(kind: str | None, part: dict[str, Any]) -> str | None:
    names: dict[str | None, tuple[str, ...]] = {
        "document": ("filename",), "location": ("name", "address"), "template": ("name",), "system": ("body",),
    }  # fmt: skip
    for name in names.get(kind, ()):
        if isinstance(part.get(name), str) and part[name]:
            return str(part[name])
    if kind == "location" and "latitude" in part and "longitude" in part:
        return f"{part['latitude']}, {part['longitude']}"
    return None


def _error(error: str | None) -> str | None:
    found = orjson.loads(error) if error else None
    if not isinstance(found, dict):
        return None
    said = found.get("title") or found.get("message") or found.get("code")
    return str(said) if said else None


def _answered(id: str | None, before: Mapping[str, Bubble]) -> str | None:
    if not id:
        return None
    answered = before.get(id)
    return (answered.words or answered.label or answered.kind)[:QUOTE] if answered else ""
