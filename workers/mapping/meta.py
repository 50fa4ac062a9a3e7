"""The forwarded Meta kind: messages, echoes of the business app, and statuses. It names no Kapso conversation."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from kapso.message import MessageKapso, MetaMessage
from kapso.meta import MetaBody, MetaChange, MetaContact, MetaStatus, MetaValue
from rows.types import Facts, Message, PhoneNumber
from workers.mapping.message import (
    NO_KAPSO,
    RECEIVED_RANK,
    content,
    event_time,
    media,
    previous_identity,
    system_names,
    with_error,
    with_status,
)
from workers.mapping.values import Ignored, Malformed, Names, Occasion, filled, names, sightings

ECHO = MessageKapso(direction="outbound", origin="business_app")


def meta_parts(body: MetaBody) -> Iterator[tuple[str, Any, MetaValue]]:
    """Each fact of the body by itself: (what it is, its raw part, what it stands in)."""
    for entry in body.entry:
        for raw in entry.changes or []:
            try:
                change = MetaChange.model_validate(raw)
            except ValidationError:
                yield "meta.change", raw, MetaValue()
                continue
            value = change.value or MetaValue()
            parts = (
                [("meta.message", part, value) for part in value.messages or []]
                + [("meta.echo", part, value) for part in value.message_echoes or []]
                + [("meta.status", part, value) for part in value.statuses or []]
            )
            if change.field not in ("messages", "smb_message_echoes") or not parts:
                parts = [(f"meta.{change.field}", raw, value)]
            yield from parts


def meta_fact(kind: str, part: Any, value: MetaValue, occasion: Occasion) -> Facts:
    match kind:
        case "meta.change":
            MetaChange.model_validate(part)
        case "meta.message":
            return _message(MetaMessage.model_validate(part), value, occasion)
        case "meta.echo":
            return _echo(MetaMessage.model_validate(part), value, occasion)
        case "meta.status":
            return _status(MetaStatus.model_validate(part), value, occasion)
    raise Ignored(f"{kind} is not mirrored")


def _message(message: MetaMessage, value: MetaValue, occasion: Occasion) -> Facts:
    at = event_time(message.timestamp, occasion)
    system = message.other("system")
    renamed = system_names(system)
    contact = _contact(value, message.sender, message.from_user_id)
    who = _names(
        contact,
        renamed.get("wa_id") or message.sender,
        renamed.get("user_id") or message.from_user_id,
        message.from_parent_user_id,
    )
    facts, row = _facts(message, who, value, occasion)
    facts.joins += previous_identity(system, who)
    row = row._replace(direction="inbound", status="received", status_rank=RECEIVED_RANK, sent_at=at)
    facts.messages.append(with_error(row, message.errors, at))
    return facts


def _echo(message: MetaMessage, value: MetaValue, occasion: Occasion) -> Facts:
    """A person typed it in the WhatsApp Business app."""
    at = event_time(message.timestamp, occasion)
    contact = _contact(value, message.to, message.to_user_id)
    who = _names(contact, message.to, message.to_user_id, message.to_parent_user_id)
    facts, row = _facts(message, who, value, occasion)
    facts.messages.append(with_status(row._replace(direction="outbound", origin=ECHO.origin), "sent", at))
    return facts


def _status(status: MetaStatus, value: MetaValue, occasion: Occasion) -> Facts:
    at = event_time(status.timestamp, occasion)
    contact = _contact(value, status.recipient_id, status.recipient_user_id)
    who = _names(contact, status.recipient_id, status.recipient_user_id, status.recipient_parent_user_id)
    _require_person(who)
    seen, joins = sightings(who, at)
    row = Message(status.id, named_as=who.named_as, phone_number_id=_number_id(value), direction="outbound")
    row = with_error(with_status(row, status.status, at), status.errors, at)
    return Facts(sightings=seen, joins=joins, messages=[row], phone_numbers=_our_number(value, occasion))


def _facts(message: MetaMessage, who: Names, value: MetaValue, occasion: Occasion) -> tuple[Facts, Message]:
    _require_person(who)
    at = event_time(message.timestamp, occasion)
    seen, joins = sightings(who, at)
    row = Message(
        id=message.id,
        named_as=who.named_as,
        phone_number_id=_number_id(value),
        reply_to_id=filled(message.context.id) if message.context else None,
    )
    row = row._replace(**content(message, NO_KAPSO, at), **media(message, NO_KAPSO, at))
    return Facts(sightings=seen, joins=joins, phone_numbers=_our_number(value, occasion)), row


def _contact(value: MetaValue, wa_id: str | None, user_id: str | None) -> MetaContact:
    """The entry of contacts[] that speaks of this person."""
    contacts = value.contacts or []
    for contact in contacts:
        if (user_id and contact.user_id == user_id) or (wa_id and contact.wa_id == wa_id):
            return contact
    return contacts[0] if len(contacts) == 1 and not (wa_id or user_id) else MetaContact()


def _names(contact: MetaContact, wa_id: str | None, user_id: str | None, parent: str | None) -> Names:
    profile = contact.profile
    return names(
        wa_id=filled(wa_id) or contact.wa_id,
        bsuid=filled(user_id) or contact.user_id,
        parent=filled(parent) or contact.parent_user_id,
        username=profile.username if profile else None,
        name=profile.name if profile else None,
    )


def _require_person(who: Names) -> None:
    if not who.named_as:
        raise Malformed("it has neither a person nor a conversation")


def _number_id(value: MetaValue) -> str | None:
    return filled(value.metadata.phone_number_id) if value.metadata else None


def _our_number(value: MetaValue, occasion: Occasion) -> list[PhoneNumber]:
    if not (number_id := _number_id(value)):
        return []
    display = filled(value.metadata.display_phone_number) if value.metadata else None
    return [PhoneNumber(number_id, display, occasion.received_at if display else None)]
