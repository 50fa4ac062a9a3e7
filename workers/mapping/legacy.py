"""v1 message events."""

from kapso.base import iso_time
from kapso.conversation import Conversation as Snapshot
from kapso.legacy import LegacyMessageEvent, WhatsappConfig
from rows.types import Facts, Message, PhoneNumber
from workers.mapping.conversation import conversation_names, conversation_row
from workers.mapping.message import RECEIVED_RANK, content_time, with_status
from workers.mapping.values import Ignored, Malformed, Mismatch, Occasion, filled, json_text, names, sightings, tie


def legacy_message_event(event: LegacyMessageEvent, occasion: Occasion) -> Facts:
    message, snapshot = event.message, event.conversation
    if message.origin == "history_sync":
        raise Ignored("history that Kapso backfills")
    made_at = iso_time(message.created_at, occasion.received_at)
    if message.created_at is not None and made_at is None:
        raise Malformed("message.created_at is no time, or one outside reason")
    at = made_at or occasion.received_at
    inbound = (filled(message.direction) or ("inbound" if occasion.verb == "received" else "outbound")) == "inbound"
    if inbound != (occasion.verb == "received"):
        raise Mismatch(f"event {occasion.event} with a message of the other direction")

    their = conversation_names(snapshot) if snapshot else names()
    who = names(
        phone=message.phone_number or their.phone, bsuid=their.bsuid, parent=their.parent, username=their.username,
        name=their.name,
    )  # fmt: skip
    if not who.named_as and snapshot is None:
        raise Malformed("message has neither a person nor a conversation")
    phone_number_id = _number_id(event.whatsapp_config, snapshot)
    seen, joins = sightings(who, at)
    kind = filled(message.message_type)
    words = filled(message.content) if kind == "text" and isinstance(message.content, str) else None
    body = None if kind is None or kind == "text" else json_text({"content": message.content})
    media_url = filled(message.media_url)
    row = Message(
        id=message.whatsapp_message_id,
        conversation_id=snapshot.id if snapshot else None,
        named_as=who.named_as,
        phone_number_id=phone_number_id,
        direction="inbound" if inbound else "outbound",
        type=kind,
        content=body,
        content_at=content_time(kind, body, at) if kind else None,
        content_tie=tie(kind, body) if kind else None,
        text=words,
        text_at=at if words else None,
        media_url=media_url,
        media_url_at=at if media_url else None,
        origin=filled(message.origin),
        sent_at=made_at if inbound or occasion.verb == "sent" else None,
    )
    # created_at is when the message was made, so only `sent` has a time here; the others have a rank.
    if inbound:
        row = row._replace(status="received", status_rank=RECEIVED_RANK)
    else:
        row = with_status(row, occasion.verb, None)
        row = with_status(row, status, None) if (status := filled(message.status)) else row
    return Facts(
        sightings=seen,
        joins=joins,
        conversations=[conversation_row(snapshot, who, at, occasion, phone_number_id)] if snapshot else [],
        messages=[row],
        phone_numbers=[_our_number(event.whatsapp_config, phone_number_id, occasion)] if phone_number_id else [],
    )


def _number_id(config: WhatsappConfig | None, snapshot: Snapshot | None) -> str | None:
    return (filled(config.phone_number_id) if config else None) or (
        filled(snapshot.phone_number_id) if snapshot else None
    )


def _our_number(config: WhatsappConfig | None, phone_number_id: str, occasion: Occasion) -> PhoneNumber:
    display, name = (filled(config.display_phone_number), filled(config.name)) if config else (None, None)
    return PhoneNumber(
        phone_number_id,
        display_phone_number=display,
        display_phone_number_at=occasion.received_at if display else None,
        name=name,
        name_at=occasion.received_at if name else None,
    )
