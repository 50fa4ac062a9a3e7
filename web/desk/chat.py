"""A chat as bubbles (pure): words, media, ticks, the message it answers, reactions on the message they are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from web.desk.chat_parts import BubbleDetail, details, is_form_answer, origin

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
    details: list[BubbleDetail] = field(default_factory=list)
    """A form's answers, an order, contact cards, a place."""
    origin: list[BubbleDetail] = field(default_factory=list)
    """The advertisement or the product that it came from."""
    edited_at: datetime | None = None
    first_words: str | None = None
    """Of an edited message: what was said at first."""
    deleted: bool = False
    """Its sender took it back."""
    answers: str | None = None
    """The first words of the message it answers; empty when we do not have that one."""
    reactions: list[str] = field(default_factory=list)


def bubbles(rows: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Of rows of messages, newest first; oldest first comes back."""
    found: dict[str, Bubble] = {}
    reactions: dict[str, dict[str, str]] = {}
    for row in reversed(rows):
        content = _object(row["content"])
        part = content if isinstance(content, dict) else {}
        if row["type"] == "reaction" and isinstance(target := part.get("message_id"), str):
            # One a side, the newest; an empty one takes it back.
            reactions.setdefault(target, {})[row["direction"] or ""] = str(part.get("emoji") or "")
        else:
            found[row["id"]] = _bubble(row, content, part, found)
    for target, by_side in reactions.items():
        if target in found:
            found[target].reactions = [emoji for emoji in by_side.values() if emoji]
    return list(found.values())


def around(text: str, *words: str) -> list[tuple[str, bool]]:
    """Pieces of a message around the first place where it says one of these, and whether each is it."""
    places = [(text.lower().find(one.lower()), len(one)) for one in words]
    at, length = min((place for place in places if place[0] >= 0), default=(-1, 0))
    if at < 0:
        return [(text[: 2 * QUOTE], False)]
    start, end = max(0, at - QUOTE), at + length
    before = ("… " if start else "") + text[start:at]
    return [(before, False), (text[at:end], True), (text[end : end + QUOTE], False)]


def _bubble(row: Mapping[str, Any], content: object, part: dict[str, Any], before: Mapping[str, Bubble]) -> Bubble:
    outbound = row["direction"] == "outbound"
    said = details(row["type"], content)
    return Bubble(
        id=row["id"],
        direction=row["direction"] or "unknown",
        at=row["sent_at"],
        words=None if said and is_form_answer(row["type"], content) else row["text"],
        kind=row["type"] or "unknown",
        label=_label(row["type"], part),
        media=MEDIA.get(row["type"] or "") if row["media_url"] else None,
        transcript=row["transcript"],
        status=row["status"] if outbound else None,
        tick=TICKS.get(row["status"] or "", "clock") if outbound else None,
        error=_error(row["error"]),
        details=said,
        origin=origin(_object(row["referral"]), _object(row["referred_product"])),
        edited_at=row["edited_at"],
        first_words=row["unedited_text"],
        deleted=row["revoked_at"] is not None,
        answers=_answered(row["reply_to_id"], before),
    )


def _label(kind: str | None, part: dict[str, Any]) -> str | None:
    names: dict[str | None, tuple[str, ...]] = {
        "document": ("filename",), "location": ("name", "address"), "template": ("name",), "system": ("body",),
    }  # fmt: skip
    for name in names.get(kind, ()):
        if isinstance(part.get(name), str) and part[name]:
            return str(part[name])
    return None


def _object(text: str | None) -> object:
    return orjson.loads(text) if text else None


def _error(error: str | None) -> str | None:
    found = _object(error)
    if not isinstance(found, dict):
        return None
    said = found.get("title") or found.get("message") or found.get("code")
    return str(said) if said else None


def _answered(id: str | None, before: Mapping[str, Bubble]) -> str | None:
    if not id:
        return None
    answered = before.get(id)
    return _gist(answered)[:QUOTE] if answered else ""


def _gist(bubble: Bubble) -> str:
    return bubble.words or bubble.label or next((one.value for one in bubble.details), bubble.kind)
