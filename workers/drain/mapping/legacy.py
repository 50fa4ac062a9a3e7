"""v1 message events."""

from datetime import datetime
from typing import Any

from domain.types import Facts, MirroredMessage, PhoneNumber
from kapso.base import iso_time
from kapso.conversation import ConversationPayload
from kapso.legacy import LegacyMessage, LegacyMessageEvent, WhatsappConfig
from workers.drain.mapping.content import content_time, media_of
from workers.drain.mapping.conversation import conversation_names, conversation_row
from workers.drain.mapping.message import RECEIVED_RANK, with_status
from workers.drain.mapping.values import (
    EventContext,
    Ignored,
    Malformed,
    Mismatch,
    Names,
    filled,
    json_text,
    names,
    sightings,
    tie,
)


def legacy_message_event(event: LegacyMessageEvent, context: EventContext) -> Facts:
    message, snapshot = event.message, event.conversation
    if message.origin == "history_sync":
        raise Ignored("history that Kapso backfills")
    made_at = iso_time(message.created_at, context.latest)
    if made_at is None and message.created_at not in (None, ""):
        context.dropped.append("message.created_at")
    at = made_at or context.received_at
    inbound = _is_inbound(message, context)
    who = _who(message, snapshot)
    if inbound and not who.named_as and not (snapshot and snapshot.id):
        raise Malformed("message has neither a person nor a conversation")
    phone_number_id = _number_id(event.whatsapp_config, snapshot)
    seen, joins = sightings(who, at)
    facts = Facts(sightings=seen, joins=joins)
    fields = _said(message, at, context) | {"named_as": who.named_as, "phone_number_id": phone_number_id}
    fields |= {"direction": "inbound", "sent_at": at} if inbound else {"direction": "outbound"}
    if context.verb == "sent":
        fields["sent_at"] = made_at
    if snapshot:
        fields["conversation_id"] = snapshot.id
        facts.conversations += conversation_row(snapshot, who, at, context, phone_number_id)
    if phone_number_id:
        facts.phone_numbers.append(_our_number(event.whatsapp_config, phone_number_id, context))
    facts.messages.append(_with_statuses(MirroredMessage(**fields), message, context))
    return facts


def _said(message: LegacyMessage, at: datetime, context: EventContext) -> dict[str, Any]:
    """Columns of the message's row that it says by itself."""
    kind, words = filled(message.message_type), _words(message)
    fields: dict[str, Any] = {"id": message.whatsapp_message_id, "first_received_at": context.heard_at}
    fields |= {"origin": filled(message.origin), "text": words, "text_at": at if words else None}
    if kind:
        body = None if kind == "text" else json_text({"content": message.content}, context)
        fields |= {
            "type": kind,
            "content": body,
            "content_at": content_time(kind, body, at),
            "content_tie": tie(kind, body),
        }
    return fields | media_of(message.media_url or (message.media_data or {}).get("url"), None, at)


def _is_inbound(message: LegacyMessage, context: EventContext) -> bool:
    said, inbound = filled(message.direction), context.is_inbound
    if said in ("inbound", "outbound") and (said == "inbound") != inbound:
        raise Mismatch(f"event {context.event} with a message of the other direction")
    return inbound


def _who(message: LegacyMessage, snapshot: ConversationPayload | None) -> Names:
    their = conversation_names(snapshot) if snapshot else names()
    return names(
        phone=filled(message.phone_number) or filled(message.conversation_phone_number) or their.phone,
        bsuid=their.bsuid,
        parent=their.parent,
        username=their.username,
        name=their.name or message.contact_name,
    )


def _words(message: LegacyMessage) -> str | None:
    """A text's content; of media the caption, wherever it stands. The content of media is Kapso's rendering."""
    content: Any = message.content if isinstance(message.content, dict) else {}
    if filled(message.message_type) == "text":
        said = message.content if isinstance(message.content, str) else content.get("text") or content.get("body")
        return filled(said) if isinstance(said, str) else None
    places = (message.caption, (message.message_type_data or {}).get("caption"),
              (message.media_data or {}).get("caption"), content.get("caption"))  # fmt: skip
    return next((words for place in places if isinstance(place, str) and (words := filled(place))), None)


def _with_statuses(row: MirroredMessage, message: LegacyMessage, context: EventContext) -> MirroredMessage:
    """created_at is when the message was made, so only `sent` has a time here; the others have a rank."""
    if row.direction == "inbound":
        return row._replace(status="received", status_rank=RECEIVED_RANK)
    row = with_status(row, context.verb, None)
    return with_status(row, status, None) if (status := filled(message.status)) else row


def _number_id(config: WhatsappConfig | None, snapshot: ConversationPayload | None) -> str | None:
    return (filled(config.phone_number_id) if config else None) or (
        filled(snapshot.phone_number_id) if snapshot else None
    )


def _our_number(config: WhatsappConfig | None, phone_number_id: str, context: EventContext) -> PhoneNumber:
    display, name = (filled(config.display_phone_number), filled(config.name)) if config else (None, None)
    return PhoneNumber(
        phone_number_id,
        display_phone_number=display,
        display_phone_number_at=context.received_at if display else None,
        name=name,
        name_at=context.received_at if name else None,
    )
