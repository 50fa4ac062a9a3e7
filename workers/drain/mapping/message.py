"""v2 message events, and what every kind of message has in common: statuses, errors, groups, edits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from domain.types import Facts, Join, MessageEdit, MirroredMessage
from kapso.base import iso_time, unix_time
from kapso.conversation import ConversationPayload
from kapso.message import MessageEvent, MessageKapso, MessagePayload, MetaMessage, StatusPayload
from workers.drain.mapping.content import content, edited, media, referral
from workers.drain.mapping.conversation import conversation_names, conversation_row, our_number
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
    uuid_of,
)

# The furthest wins. What is not listed here is kept, and gives way to everything that is.
STATUS_RANK = {"pending": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
RECEIVED_RANK = 9
UNKNOWN_RANK = -1
GROUP = "group"

Fields: TypeAlias = dict[str, Any]
"""Columns of a message's row by name, gathered before the row is made."""

NO_KAPSO = MessageKapso()
NOBODY = Names()


class Received(TypedDict, total=False):
    status: str
    status_rank: int
    sent_at: datetime


def message_event(event: MessageEvent, context: EventContext) -> Facts:
    message = event.message
    kapso = message.kapso or NO_KAPSO
    if kapso.origin == "history_sync":
        raise Ignored("history that Kapso backfills")
    snapshot = _session(event.conversation, kapso)
    at = event_time(message.timestamp, context)
    inbound = is_inbound(kapso.direction, message, context)
    phone_number_id = _our_number_id(event, snapshot, kapso)
    if filled(message.group_id):
        facts, fields = Facts(), of_group(message, _sender(message, inbound))
    else:
        facts, fields = _of_person(message, snapshot, kapso, inbound, phone_number_id, at, context)
    fields |= about(message, inbound, context)
    fields |= {"phone_number_id": phone_number_id, "origin": filled(kapso.origin)}
    facts.phone_numbers += our_number(phone_number_id)
    if change := change_of(message, fields, kapso, at, context):
        facts.add(change)
        return facts
    fields |= content(message, kapso, at, context)
    fields |= media(message, kapso, at)
    if context.is_polled_outbound and fields.get("type") == "template" and isinstance(kapso.content, str):
        fields |= {"text": filled(kapso.content), "text_at": at if filled(kapso.content) else None}
    if inbound:
        fields |= received(at)
    row = MirroredMessage(**fields) if inbound else _outbound(MirroredMessage(**fields), kapso, at, context)
    facts.messages.append(with_error(row, message.errors, at, context))
    return facts


def _of_person(
    message: MessagePayload,
    snapshot: ConversationPayload | None,
    kapso: MessageKapso,
    inbound: bool,
    phone_number_id: str | None,
    at: datetime,
    context: EventContext,
) -> tuple[Facts, Fields]:
    """Who wrote or was written to, and in which conversation."""
    who, their = _who(message, snapshot, kapso.statuses or [], inbound)
    if inbound and not who.named_as and not (snapshot and snapshot.id):
        raise Malformed("message has neither a person nor a conversation")
    seen, joins = sightings(who, at)
    joins += previous_identity(message.other("system"), who)
    facts = Facts(sightings=seen, joins=joins)
    if snapshot:
        facts.conversations += conversation_row(snapshot, their, at, context, phone_number_id)
        if their is not who:
            seen, joins = sightings(their, at)
            facts.sightings += seen
            facts.joins += joins
    return facts, {"conversation_id": snapshot.id if snapshot else None, "named_as": who.named_as}


def about(message: MetaMessage, inbound: bool, context: EventContext) -> Fields:
    """Of a message's row what is neither its words nor its person."""
    return {
        "id": message.id,
        "direction": "inbound" if inbound else "outbound",
        "reply_to_id": filled(message.context.id) if message.context else None,
        "first_received_at": context.heard_at,
    } | referral(message, context)


def of_group(message: MetaMessage, who: Names) -> Fields:
    """A message of a group belongs to nobody's chat: it makes neither a contact nor a conversation."""
    return {"group_id": filled(message.group_id), "group_member": who.named_as}


def change_of(
    message: MetaMessage, fields: Fields, kapso: MessageKapso, at: datetime, context: EventContext
) -> Facts | None:
    """An edit or a deletion as what it says about its original, which may come later. None for any other message."""
    if not (message.edit or message.revoke):
        return None
    original: Fields = fields | {"reply_to_id": None, "referral": None, "referral_tie": None}
    if fields["direction"] == "inbound":
        original |= {"status": "received", "status_rank": RECEIVED_RANK}
    if message.type == "edit" and message.edit:
        id, new = message.edit.original_message_id, edited(message.edit, kapso, at, context)
        edit = MessageEdit(
            message.id, id, at, new["edited_tie"], new["edited_type"], new["edited_content"], new["edited_text"]
        )
        original |= new
        return Facts(messages=[MirroredMessage(**original | {"id": id})], edits=[edit])
    if message.type == "revoke" and message.revoke:
        return Facts(
            messages=[MirroredMessage(**original | {"id": message.revoke.original_message_id, "revoked_at": at})]
        )
    return None


def event_time(timestamp: Any, context: EventContext) -> datetime:
    """The event's own time; when it brings none, that of its receipt."""
    if timestamp in (None, ""):
        return context.received_at
    at = unix_time(timestamp, context.latest) or iso_time(timestamp, context.latest)
    if at is None:
        raise Malformed("message.timestamp is no time, or one outside reason")
    return at


def is_inbound(direction: str | None, message: MessagePayload, context: EventContext) -> bool:
    said = filled(direction)
    if said not in ("inbound", "outbound"):
        if said:
            context.dropped.append("message.kapso.direction")
        return context.is_inbound
    if (said == "inbound") != context.is_inbound:
        raise Mismatch(f"event {context.event} with an {said} message")
    return said == "inbound"


def _session(snapshot: ConversationPayload | None, kapso: MessageKapso) -> ConversationPayload | None:
    """The conversation of the event; where it shows none, what the message says of it, as in the API's lists."""
    if snapshot and snapshot.id:
        return snapshot
    id = uuid_of(kapso.whatsapp_conversation_id)
    if snapshot:
        return snapshot.model_copy(update={"id": id})
    said = {"id": id, "phone_number": kapso.phone_number, "contact_name": kapso.contact_name}
    return ConversationPayload.model_validate(said) if id or filled(kapso.phone_number) else None


def _our_number_id(event: MessageEvent, snapshot: ConversationPayload | None, kapso: MessageKapso) -> str | None:
    of_snapshot = snapshot.phone_number_id if snapshot else None
    return filled(event.phone_number_id) or filled(of_snapshot) or filled(kapso.phone_number_id)


def _who(
    message: MessagePayload, snapshot: ConversationPayload | None, statuses: list[StatusPayload], inbound: bool
) -> tuple[Names, Names]:
    """The person of the message, and the one of the conversation: the same, unless the event names two ids."""
    their = conversation_names(snapshot) if snapshot else NOBODY
    kapso_name = message.kapso.contact_name if message.kapso else None
    said = _sender(message, inbound)
    if not inbound:
        said = _with_recipient(said, statuses)
    apart = bool(said.bsuid and their.bsuid and said.bsuid != their.bsuid)
    # A conversation may still show the number that a `system` message replaces: a former number, not another spelling.
    moved = inbound and _has_moved(message.other("system"), their)
    shown = their if their.name else their._replace(name=filled(kapso_name))
    if apart or moved:
        shown = shown._replace(phone=None, parent=None if apart else shown.parent)
    who = _completed(said, shown)
    return who, their if apart or (moved and not their.bsuid) else who


def _completed(said: Names, shown: Names) -> Names:
    """What the message names, and what it leaves out as the conversation shows it."""
    return said._replace(
        phone=shown.phone,
        bsuid=said.bsuid or shown.bsuid,
        parent=said.parent or shown.parent,
        username=said.username or shown.username,
        name=shown.name,
    )


def _sender(message: MessagePayload, inbound: bool) -> Names:
    """The customer as the message itself names them."""
    if not inbound:
        return names(wa_id=message.to, bsuid=message.to_user_id, parent=message.to_parent_user_id)
    renamed = system_names(message.other("system"))
    return names(
        wa_id=renamed.get("wa_id") or message.sender,
        bsuid=renamed.get("user_id") or message.from_user_id,
        parent=message.from_parent_user_id,
        username=message.username,
    )


def _with_recipient(said: Names, statuses: Iterable[StatusPayload]) -> Names:
    """What the message does not say of its recipient, the history of its statuses may."""
    recipient = next((one for one in map(recipient_of, statuses) if one.named_as), NOBODY)
    return said._replace(
        wa_id=said.wa_id or recipient.wa_id, bsuid=said.bsuid or recipient.bsuid, parent=said.parent or recipient.parent
    )


def recipient_of(status: StatusPayload) -> Names:
    """Whom a status names. That of a group names the group, which is nobody."""
    if status.recipient_type == GROUP:
        return NOBODY
    return names(wa_id=status.recipient_id, bsuid=status.recipient_user_id, parent=status.recipient_parent_user_id)


def _has_moved(system: Any, their: Names) -> bool:
    """Whether a `system` part names another number than the conversation shows."""
    if system is None:
        return False
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


def received(at: datetime) -> Received:
    return Received(status="received", status_rank=RECEIVED_RANK, sent_at=at)


def _outbound(row: MirroredMessage, kapso: MessageKapso, at: datetime, context: EventContext) -> MirroredMessage:
    if context.is_polled_outbound:
        return _listed(row, kapso, at, context)
    row = with_status(row, context.verb, at)
    if status := filled(kapso.status):
        row = with_status(row, status, None)
    return with_history(row, kapso.statuses or [], context)


def _listed(row: MirroredMessage, kapso: MessageKapso, at: datetime, context: EventContext) -> MirroredMessage:
    """The API's `timestamp` is when the message was made: it stands for `sent` where the history does not say when."""
    row = with_history(row, kapso.statuses or [], context)
    if status := filled(kapso.status):
        row = with_status(row, status, None)
    silent = row.sent_at is None and row.status not in ("pending", "failed")
    return with_status(row, "sent", at) if silent else row


def with_history(row: MirroredMessage, statuses: Iterable[StatusPayload], context: EventContext) -> MirroredMessage:
    """Fold a history of statuses in; it heals events that were lost. A senseless time is dropped, not the event."""
    for status in statuses:
        at = unix_time(status.timestamp, context.latest)
        row = with_status(row, status.status, at)
        if at:
            row = with_error(row, status.errors, at, context)
    return row


def with_status(row: MirroredMessage, status: str, at: datetime | None) -> MirroredMessage:
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


def with_error(
    row: MirroredMessage, errors: list[dict[str, Any]] | None, at: datetime, context: EventContext
) -> MirroredMessage:
    """Keep the newest error; of several named at once, the first."""
    error = json_text(errors[0], context) if errors else None
    if error is None:
        return row
    version = (at, tie(error))
    if row.error_at is None or row.error_tie is None or version > (row.error_at, row.error_tie):
        row = row._replace(error=error, error_at=at, error_tie=tie(error))
    return row
