"""v2 message events, and what every kind of message has in common: words, statuses, errors."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from kapso.base import EARLIEST, unix_time
from kapso.conversation import Conversation as Snapshot
from kapso.message import Message as Payload
from kapso.message import MessageEvent, MessageKapso, MetaMessage, Status
from rows.types import Facts, Join, Message
from workers.mapping.conversation import conversation_names, conversation_row, our_number
from workers.mapping.values import (
    Ignored,
    Malformed,
    Mismatch,
    Names,
    Occasion,
    filled,
    json_text,
    names,
    sightings,
    tie,
)

# The furthest wins. What is not listed here is kept, and gives way to everything that is.
STATUS_RANK = {"pending": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
RECEIVED_RANK = 9
UNKNOWN_RANK = -1

NO_KAPSO = MessageKapso()
NOBODY = Names()


class Content(TypedDict, total=False):
    """These columns of a message's row; where nothing was said of them, none."""

    type: str
    content: str | None
    content_at: datetime
    content_tie: int
    text: str | None
    text_at: datetime | None


class Media(TypedDict, total=False):
    media_url: str | None
    media_url_at: datetime
    transcript: str | None
    transcript_at: datetime


class Received(TypedDict, total=False):
    status: str
    status_rank: int
    sent_at: datetime


def message_event(event: MessageEvent, occasion: Occasion) -> Facts:
    message, snapshot = event.message, event.conversation
    kapso = message.kapso or NO_KAPSO
    if kapso.origin == "history_sync":
        raise Ignored("history that Kapso backfills")
    at = event_time(message.timestamp, occasion)
    inbound = is_inbound(kapso.direction, message, occasion)
    who, their = _who(message, snapshot, kapso.statuses or [], inbound)
    if not who.named_as and snapshot is None:
        raise Malformed("message has neither a person nor a conversation")
    phone_number_id = filled(event.phone_number_id) or (filled(snapshot.phone_number_id) if snapshot else None)

    seen, joins = sightings(who, at)
    joins += previous_identity(message.other("system"), who)
    facts = Facts(sightings=seen, joins=joins, phone_numbers=our_number(phone_number_id))
    if snapshot:
        facts.conversations.append(conversation_row(snapshot, their, at, occasion, phone_number_id))
        if their is not who:
            seen, joins = sightings(their, at)
            facts.sightings += seen
            facts.joins += joins

    row = Message(
        id=message.id,
        conversation_id=snapshot.id if snapshot else None,
        named_as=who.named_as,
        phone_number_id=phone_number_id,
        direction="inbound" if inbound else "outbound",
        reply_to_id=filled(message.context.id) if message.context else None,
        origin=filled(kapso.origin),
        **content(message, kapso, at),
        **media(message, kapso, at),
        **(received(at) if inbound else Received()),
    )
    if occasion.is_listed and row.type == "template" and isinstance(body := kapso.other("content"), str):
        row = row._replace(text=filled(body), text_at=at if filled(body) else None)
    if not inbound:
        row = _outbound(row, kapso, at, occasion)
    facts.messages.append(with_error(row, message.errors, at))
    return facts


def event_time(timestamp: str | None, occasion: Occasion) -> datetime:
    """The event's own time; when it brings none, that of its receipt."""
    if timestamp is None:
        return occasion.received_at
    at = unix_time(timestamp, occasion.received_at)
    if at is None:
        raise Malformed("message.timestamp is no time, or one outside reason")
    return at


def is_inbound(direction: str | None, message: Payload, occasion: Occasion) -> bool:
    said = filled(direction) or ("inbound" if occasion.verb == "received" else "outbound")
    if said not in ("inbound", "outbound"):
        raise Malformed("message.kapso.direction is neither inbound nor outbound")
    if (said == "inbound") != (occasion.verb == "received"):
        raise Mismatch(f"event {occasion.event} with an {said} message")
    return said == "inbound"


def _who(message: Payload, snapshot: Snapshot | None, statuses: list[Status], inbound: bool) -> tuple[Names, Names]:
    """The person of the message, and the one of the conversation: the same, unless the event names two ids."""
    their = conversation_names(snapshot) if snapshot else NOBODY
    recipient = next((status for status in statuses if status.recipient_id or status.recipient_user_id), None)
    kapso_name = message.kapso.contact_name if message.kapso else None
    system = message.other("system") if inbound else None
    if inbound:
        renamed = system_names(system)
        number = renamed.get("wa_id") or message.sender
        bsuid, parent = renamed.get("user_id") or message.from_user_id, message.from_parent_user_id
    else:
        number, bsuid, parent = message.to, message.to_user_id, message.to_parent_user_id
        if recipient:
            number = filled(number) or recipient.recipient_id
            bsuid = filled(bsuid) or recipient.recipient_user_id
            parent = filled(parent) or recipient.recipient_parent_user_id
    bsuid = filled(bsuid)
    apart = bool(bsuid and their.bsuid and bsuid != their.bsuid)
    # A session may still show the number that the message says was left: they are no two spellings of one.
    moved = system is not None and _has_moved(system, their)
    who = names(
        wa_id=number,
        phone=None if apart or moved else their.phone,
        bsuid=bsuid or their.bsuid,
        parent=parent or (None if apart else their.parent),
        username=(message.username if inbound else None) or their.username,
        name=their.name or kapso_name,
    )
    return who, their if apart or (moved and not their.bsuid) else who


def _has_moved(system: Any, their: Names) -> bool:
    new = names(wa_id=system_names(system).get("wa_id")).wa_id
    return bool(new and their.phone and new != their.phone)


def system_names(system: Any) -> dict[str, str]:
    """The new names that a `system` message announces."""
    if not isinstance(system, dict):
        return {}
    return {key: value for key in ("wa_id", "user_id") if isinstance(value := system.get(key), str) and value}


def previous_identity(system: Any, who: Names) -> list[Join]:
    if not isinstance(system, dict) or not who.bsuid:
        return []
    joins = []
    for key, kind in (("previous_user_id", "previous"), ("previous_parent_user_id", "parent")):
        if isinstance(old := system.get(key), str) and old.strip():
            joins.append(Join(who.bsuid, old.strip(), kind))
    return joins


def content(message: MetaMessage, kapso: MessageKapso, at: datetime) -> Content:
    kind = filled(message.type)
    if kind is None:
        return Content()
    typed = message.other(kind)
    body = None if typed is None else json_text(typed)
    words = filled(text(kind, typed, kapso))
    return Content(
        type=kind,
        content=body,
        content_at=content_time(kind, body, at),
        content_tie=tie(kind, body),
        text=words,
        text_at=at if words else None,
    )


def content_time(kind: str, body: str | None, at: datetime) -> datetime:
    """An edit comes as `unsupported`, a status may come without the body: neither may cover what was said before."""
    return EARLIEST if kind == "unsupported" or body is None else at


def text(kind: str, typed: Any, kapso: MessageKapso) -> str | None:
    """What the person wrote, chose or captioned; None where there are no words of theirs."""
    part = typed if isinstance(typed, dict) else {}
    match kind:
        case "text":
            found = part.get("body")
        case "interactive":
            found = _chosen(part)
        case "button":
            found = part.get("text")
        case "image" | "video" | "document" | "audio":
            found = part.get("caption") or (kapso.message_type_data or {}).get("caption")
        case "order":
            found = part.get("text") or kapso.order_text
        case _:
            found = None
    return found if isinstance(found, str) else None


def _chosen(interactive: dict[str, Any]) -> Any:
    """The title of a button or list entry, the text of a flow's answer, or the body of what we sent."""
    for key, word in (("button_reply", "title"), ("list_reply", "title"), ("nfm_reply", "body"), ("body", "text")):
        if isinstance(part := interactive.get(key), dict):
            return part.get(word)
    return None


def media(message: MetaMessage, kapso: MessageKapso, at: datetime) -> Media:
    typed = message.other(filled(message.type))
    link = typed.get("link") if isinstance(typed, dict) else None
    url = kapso.media_url or (kapso.media_data or {}).get("url") or link
    spoken = kapso.transcript.get("text") if isinstance(kapso.transcript, dict) else kapso.transcript
    found = Media()
    if isinstance(url, str) and filled(url):
        found |= {"media_url": filled(url), "media_url_at": at}
    if isinstance(spoken, str) and filled(spoken):
        found |= {"transcript": filled(spoken), "transcript_at": at}
    return found


def received(at: datetime) -> Received:
    return Received(status="received", status_rank=RECEIVED_RANK, sent_at=at)


def _outbound(row: Message, kapso: MessageKapso, at: datetime, occasion: Occasion) -> Message:
    if occasion.is_listed:
        return _listed(row, kapso, at, occasion)
    row = with_status(row, occasion.verb, at)
    if status := filled(kapso.status):
        row = with_status(row, status, None)
    return with_history(row, kapso.statuses or [], occasion)


def _listed(row: Message, kapso: MessageKapso, at: datetime, occasion: Occasion) -> Message:
    """The API's `timestamp` is when the message was made: it stands for `sent` where the history does not say when."""
    row = with_history(row, kapso.statuses or [], occasion)
    if status := filled(kapso.status):
        row = with_status(row, status, None)
    silent = row.sent_at is None and row.status not in ("pending", "failed")
    return with_status(row, "sent", at) if silent else row


def with_history(row: Message, statuses: Iterable[Status], occasion: Occasion) -> Message:
    """Fold a history of statuses in; it heals events that were lost. A senseless time is dropped, not the event."""
    for status in statuses:
        at = unix_time(status.timestamp, occasion.received_at)
        row = with_status(row, status.status, at)
        if at:
            row = with_error(row, status.errors, at)
    return row


def with_status(row: Message, status: str, at: datetime | None) -> Message:
    rank = STATUS_RANK.get(status, UNKNOWN_RANK)
    if row.status_rank is None or (rank, status) > (row.status_rank, row.status or ""):
        row = row._replace(status=status, status_rank=rank)
    if at is None:
        return row
    match status:
        case "sent":
            return row._replace(sent_at=_earlier(row.sent_at, at))
        case "delivered":
            return row._replace(delivered_at=_earlier(row.delivered_at, at))
        case "read":
            return row._replace(read_at=_earlier(row.read_at, at))
        case "failed":
            return row._replace(failed_at=_earlier(row.failed_at, at))
    return row


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


def with_error(row: Message, errors: list[dict[str, Any]] | None, at: datetime) -> Message:
    """Keep the newest error; of several named at once, the first."""
    if not errors:
        return row
    error = json_text(errors[0])
    version = (at, tie(error))
    if row.error_at is None or row.error_tie is None or version > (row.error_at, row.error_tie):
        row = row._replace(error=error, error_at=at, error_tie=tie(error))
    return row
