"""What a message says: its words, its typed part, its media, and where its sender came from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from kapso.base import EARLIEST
from kapso.message import Edit, MessageKapso, MetaMessage
from workers.drain.mapping.values import EventContext, filled, json_text, tie


class MessageContent(TypedDict, total=False):
    """These columns of a message's row; where nothing was said of them, none."""

    type: str
    content: str | None
    content_at: datetime
    content_tie: int
    text: str | None
    text_at: datetime | None


class MediaContent(TypedDict, total=False):
    media_url: str | None
    media_url_at: datetime
    transcript: str | None
    transcript_at: datetime


class Referral(TypedDict, total=False):
    referral: str
    referral_tie: int
    referred_product: str
    referred_product_tie: int


class Edited(TypedDict):
    edited_type: str | None
    edited_content: str | None
    edited_text: str | None
    edited_at: datetime
    edited_tie: int


def content(message: MetaMessage, kapso: MessageKapso, at: datetime, context: EventContext) -> MessageContent:
    kind = filled(message.type)
    if kind is None:
        return MessageContent()
    typed = message.other(kind)
    body = json_text(typed, context)
    words = filled(text(kind, typed, kapso))
    return MessageContent(
        type=kind,
        content=body,
        content_at=content_time(kind, body, at),
        content_tie=tie(kind, body),
        text=words,
        text_at=at if words else None,
    )


def content_time(kind: str, body: str | None, at: datetime) -> datetime:
    """What is `unsupported`, and a status without the body, must not cover what was said before."""
    return EARLIEST if kind == "unsupported" or body is None else at


def edited(edit: Edit, kapso: MessageKapso, at: datetime, context: EventContext) -> Edited:
    """The new words of a message that was edited at that time."""
    new = edit.message or {}
    named = new.get("type")
    kind = filled(named) if isinstance(named, str) else None
    typed = new.get(kind) if kind else None
    body, words = json_text(typed, context), filled(text(kind or "", typed, kapso))
    return Edited(
        edited_type=kind, edited_content=body, edited_text=words, edited_at=at, edited_tie=tie(kind, body, words)
    )


def text(kind: str, typed: Any, kapso: MessageKapso) -> str | None:
    """What the person wrote, chose or captioned; None where there are no words of theirs."""
    part = typed if isinstance(typed, dict) else {}
    match kind:
        case "text":
            found = part.get("body") or (typed if isinstance(typed, str) else _rendered(kapso.content))
        case "interactive":
            found = _chosen(part)
        case "button":
            found = part.get("text") or part.get("payload")
        case "image" | "video" | "document" | "audio":
            found = part.get("caption") or (kapso.message_type_data or {}).get("caption")
        case "order":
            found = part.get("text") or kapso.order_text
        case _:
            found = None
    return _words(found)


def _words(value: Any) -> str | None:
    """Words, also where they came as a JSON number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _rendered(content: Any) -> Any:
    """Kapso's rendering: for a text message it is the text. It comes as a string, or as an object in Kapso's SDK."""
    if isinstance(content, dict):
        return content.get("text") or content.get("body")
    return content


def _chosen(interactive: dict[str, Any]) -> Any:
    """The title of a button or list entry (else its id), the text of a flow's answer, or the body of what we sent."""
    for key, *words in (
        ("button_reply", "title", "id"),
        ("list_reply", "title", "description", "id"),
        ("nfm_reply", "body"),
        ("body", "text"),
    ):
        if isinstance(part := interactive.get(key), dict):
            return next((said for word in words if (said := _words(part.get(word)))), None)
    return None


def media(message: MetaMessage, kapso: MessageKapso, at: datetime) -> MediaContent:
    typed = message.other(filled(message.type))
    link = typed.get("link") if isinstance(typed, dict) else None
    return media_of(kapso.media_url or (kapso.media_data or {}).get("url") or link, kapso.transcript, at)


def media_of(url: Any, transcript: Any, at: datetime) -> MediaContent:
    spoken = transcript.get("text") if isinstance(transcript, Mapping) else transcript
    found = MediaContent()
    if isinstance(url, str) and filled(url):
        found |= {"media_url": filled(url), "media_url_at": at}
    if isinstance(spoken, str) and filled(spoken):
        found |= {"transcript": filled(spoken), "transcript_at": at}
    return found


def referral(message: MetaMessage, context: EventContext) -> Referral:
    """The advertisement that the person came from, and the product that the message asks about."""
    found = Referral()
    if message.referral and (said := json_text(message.referral, context)):
        found |= {"referral": said, "referral_tie": tie(said)}
    product = message.context.referred_product if message.context else None
    if product and (said := json_text(product, context)):
        found |= {"referred_product": said, "referred_product_tie": tie(said)}
    return found
