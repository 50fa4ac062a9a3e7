"""The forwarded Meta kind: messages, echoes of the business app, statuses, and preferences.

It names no Kapso conversation.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from domain.types import Facts, MirroredMessage, PhoneNumber
from kapso.base import TooOdd, read, unix_time
from kapso.message import MessageKapso, MetaMessage
from kapso.meta import MetaBody, MetaChange, MetaContact, MetaEntry, MetaStatus, MetaValue, UserPreference
from workers.drain.mapping.content import content, media
from workers.drain.mapping.conversation import preferences
from workers.drain.mapping.message import (
    NO_KAPSO,
    about,
    change_of,
    event_time,
    of_group,
    previous_identity,
    received,
    recipient_of,
    system_names,
    with_error,
    with_status,
)
from workers.drain.mapping.values import (
    EventContext,
    Ignored,
    Malformed,
    Names,
    filled,
    json_text,
    names,
    sightings,
    tie,
)

ECHO = MessageKapso(direction="outbound", origin="business_app")
MARKETING = "marketing_messages"
PREFERENCES = {"stop": "stopped", "resume": "resumed"}
# What is in a field of a change, by the key that holds the list of its facts.
PARTS = (
    ("messages", "messages", "meta.message"),
    ("messages", "statuses", "meta.status"),
    ("smb_message_echoes", "message_echoes", "meta.echo"),
    ("user_preferences", "user_preferences", "meta.preference"),
)


def meta_parts(body: MetaBody) -> Iterator[tuple[str, Any, MetaValue]]:
    """Each fact of the body by itself: (what it is, its raw part, what it stands in)."""
    for raw_entry in body.entry:
        dropped: list[str] = []
        try:
            entry = read(MetaEntry, raw_entry, dropped)
        except (ValidationError, TooOdd):
            yield "meta.entry", raw_entry, MetaValue()
            continue
        if "changes" in dropped:
            yield "meta.entry", raw_entry, MetaValue()  # what it holds can't be read: a dead letter
        for raw in entry.changes or []:
            yield from _parts_of_change(raw)


def _parts_of_change(raw: Any) -> Iterator[tuple[str, Any, MetaValue]]:
    dropped: list[str] = []
    try:
        change = read(MetaChange, raw, dropped)
    except (ValidationError, TooOdd):
        yield "meta.change", raw, MetaValue()
        return
    value, is_read = change.value or MetaValue(), False
    for field, key, kind in PARTS:
        # Echoes come under `messages` too; each kind is known by its key.
        if change.field in (field, "messages"):
            for part in getattr(value, key) or []:
                is_read = True
                yield kind, part, value
    if value.errors:
        is_read = True
        yield "meta.error", value.errors[0], value
    unread = {"value", *(f"value.{key}" for _, key, _ in PARTS)}.intersection(dropped)
    if unread and change.field in {field for field, _, _ in PARTS}:
        is_read = True
        yield "meta.change", raw, MetaValue()  # as above
    if not is_read:
        yield f"meta.{change.field}", raw, value


def meta_fact(kind: str, part: Any, value: MetaValue, context: EventContext) -> Facts:
    match kind:
        case "meta.entry":
            MetaEntry.model_validate(part)
        case "meta.change":
            MetaChange.model_validate(part)
        case "meta.message":
            message = read(MetaMessage, part, context.dropped)
            return _echo(message, value, context) if _is_ours(message, value) else _message(message, value, context)
        case "meta.echo":
            return _echo(read(MetaMessage, part, context.dropped), value, context)
        case "meta.status":
            return _status(read(MetaStatus, part, context.dropped), value, context)
        case "meta.preference":
            return _preference(read(UserPreference, part, context.dropped), value, context)
        case "meta.error":
            return _error(part, value, context)
    raise Ignored(f"{kind} is not mirrored")


def _is_ours(message: MetaMessage, value: MetaValue) -> bool:
    """Echoes may stand among the messages: their sender is the business number."""
    ours = _digits(value.metadata.display_phone_number) if value.metadata else ""
    return bool(ours) and _digits(message.sender) == ours


def _digits(number: str | None) -> str:
    return "".join(one for one in number or "" if one.isdigit())


def _message(message: MetaMessage, value: MetaValue, context: EventContext) -> Facts:
    at = event_time(message.timestamp, context)
    system = message.other("system")
    renamed = system_names(system)
    who = _names(
        _contact(value, message.sender, message.from_user_id),
        renamed.get("wa_id") or message.sender,
        renamed.get("user_id") or message.from_user_id,
        message.from_parent_user_id,
    )
    facts = _facts(message, who, NO_KAPSO, value, context, inbound=True)
    facts.joins += [] if message.group_id else previous_identity(system, who)
    facts.messages = [
        row if row.id != message.id else with_error(row._replace(**received(at)), message.errors, at, context)
        for row in facts.messages
    ]
    return facts


def _echo(message: MetaMessage, value: MetaValue, context: EventContext) -> Facts:
    """A person typed it in the WhatsApp Business app."""
    at = event_time(message.timestamp, context)
    contact = _contact(value, message.to, message.to_user_id)
    who = _names(contact, message.to, message.to_user_id, message.to_parent_user_id)
    facts = _facts(message, who, ECHO, value, context, inbound=False)
    facts.messages = [
        row if row.id != message.id else with_status(row, "sent", at)._replace(origin=ECHO.origin)
        for row in facts.messages
    ]
    return facts


def _status(status: MetaStatus, value: MetaValue, context: EventContext) -> Facts:
    """It needs no person, and no time: its message is enough."""
    at = unix_time(status.timestamp, context.latest) or context.received_at
    said = recipient_of(status)
    contact = _contact(value, status.recipient_id, status.recipient_user_id) if said.named_as else MetaContact()
    who = _names(contact, said.wa_id, said.bsuid, said.parent)
    seen, joins = sightings(who, at)
    row = MirroredMessage(
        status.id, named_as=who.named_as, phone_number_id=_number_id(value), direction="outbound",
        first_received_at=context.heard_at,
    )  # fmt: skip
    row = with_error(with_status(row, status.status, at), status.errors, at, context)
    return Facts(sightings=seen, joins=joins, messages=[row], phone_numbers=_our_number(value, context))


def _preference(said: UserPreference, value: MetaValue, context: EventContext) -> Facts:
    if filled(said.category) not in (None, MARKETING):
        raise Ignored("a preference about something else than marketing messages")
    at = unix_time(said.timestamp, context.latest) or context.received_at
    who = _names(_contact(value, said.wa_id, said.user_id), said.wa_id, said.user_id, None)
    if not who.named_as:
        raise Malformed("user_preferences names nobody")
    seen, joins = sightings(who, at)
    status = PREFERENCES.get(said.value, said.value)
    return Facts(
        sightings=seen,
        joins=joins,
        preferences=preferences(seen, _number_id(value), status, 0, at),
        phone_numbers=_our_number(value, context),
    )


def _error(error: dict[str, Any], value: MetaValue, context: EventContext) -> Facts:
    """About the number as a whole; it brings no time of its own."""
    said, number_id = json_text(error, context), _number_id(value)
    if not number_id or said is None:
        raise Ignored("an error of an unnamed number")
    numbers = _our_number(value, context)
    numbers = [one._replace(error=said, error_at=context.received_at, error_tie=tie(said)) for one in numbers]
    return Facts(phone_numbers=numbers)


def _facts(
    message: MetaMessage, who: Names, kapso: MessageKapso, value: MetaValue, context: EventContext, *, inbound: bool
) -> Facts:
    """The message's row with its words, and its person; an edit or a deletion as what it says about its original."""
    at = event_time(message.timestamp, context)
    facts = Facts(phone_numbers=_our_number(value, context))
    if message.group_id:
        fields = of_group(message, who)
    else:
        if inbound and not who.named_as:
            raise Malformed("it has neither a person nor a conversation")
        facts.sightings, facts.joins = sightings(who, at)
        fields = {"named_as": who.named_as}
    fields |= about(message, inbound, context)
    fields["phone_number_id"] = _number_id(value)
    if change := change_of(message, fields, kapso, at, context):
        facts.add(change)
        return facts
    fields |= content(message, kapso, at, context)
    fields |= media(message, kapso, at)
    facts.messages = [MirroredMessage(**fields)]
    return facts


def _contact(value: MetaValue, wa_id: str | None, user_id: str | None) -> MetaContact:
    """The entry of contacts[] that speaks of this person.

    Numbers may be spelled differently there (Brazil's ninth digit): the only entry is taken for the only person.
    """
    found = value.people.get(("user", user_id)) if user_id else None
    found = found or (value.people.get(("wa", wa_id)) if wa_id else None)
    return found or value.only_person or MetaContact()


def _names(contact: MetaContact, wa_id: str | None, user_id: str | None, parent: str | None) -> Names:
    """Another spelling of the number in contacts[] is the same line."""
    profile = contact.profile
    return names(
        wa_id=filled(wa_id) or contact.wa_id,
        phone=contact.wa_id,
        bsuid=filled(user_id) or contact.user_id,
        parent=filled(parent) or contact.parent_user_id,
        username=profile.username if profile else None,
        name=profile.name if profile else None,
    )


def _number_id(value: MetaValue) -> str | None:
    return filled(value.metadata.phone_number_id) if value.metadata else None


def _our_number(value: MetaValue, context: EventContext) -> list[PhoneNumber]:
    if not (number_id := _number_id(value)):
        return []
    display = filled(value.metadata.display_phone_number) if value.metadata else None
    return [PhoneNumber(number_id, display, context.received_at if display else None)]
