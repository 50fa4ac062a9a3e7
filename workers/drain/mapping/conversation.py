"""Conversation snapshots, and the events about conversations and contacts."""

from datetime import datetime

from domain.types import Conversation, Facts, Join, PhoneNumber, Preference, Sighting
from kapso.base import iso_time
from kapso.conversation import Contact, ContactEvent, ConversationEvent, ConversationPayload, MarketingPreferenceEvent
from workers.drain.mapping.values import EventContext, Malformed, Names, filled, json_text, names, sightings, tie


def conversation_event(event: ConversationEvent, context: EventContext) -> Facts:
    """conversation.created, ended, inactive."""
    snapshot = event.conversation
    if snapshot.id is None:
        raise Malformed("conversation.id is missing, or no UUID")
    who = conversation_names(snapshot)
    at = snapshot_time(snapshot, context) or context.received_at
    status = "ended" if context.verb == "ended" else None
    phone_number_id = filled(snapshot.phone_number_id) or filled(event.phone_number_id)
    seen, joins = sightings(who, at)
    return Facts(
        sightings=seen,
        joins=joins,
        conversations=conversation_row(snapshot, who, at, context, phone_number_id, status),
        phone_numbers=our_number(phone_number_id),
    )


def identity_changed(event: ContactEvent, context: EventContext) -> Facts:
    """A person's business-scoped id was replaced: both are the same person."""
    facts, who = _contact(event.contact, context)
    previous = event.previous
    if previous and (bsuid := who.bsuid or who.parent):
        if old := filled(previous.business_scoped_user_id):
            facts.joins.append(Join(bsuid, old, "previous"))
        if old := filled(previous.parent_business_scoped_user_id):
            facts.joins.append(Join(bsuid, old, "parent"))
    facts.phone_numbers = our_number(filled(event.phone_number_id))
    return facts


def marketing_preference_changed(event: MarketingPreferenceEvent, context: EventContext) -> Facts:
    """For one business number; '' where the event names none."""
    facts, _ = _contact(event.contact, context)
    said = event.marketing_preference
    at = iso_time(said.occurred_at, context.latest) or context.received_at
    number = filled(event.phone_number_id)
    facts.preferences = preferences(facts.sightings, number, said.status, said.sequence or 0, at)
    facts.phone_numbers = our_number(number)
    return facts


def preferences(
    seen: list[Sighting], phone_number_id: str | None, status: str, sequence: int, at: datetime
) -> list[Preference]:
    """Kept under every name that the event gives the person."""
    return [Preference(one.handle, one.bsuid, phone_number_id or "", status, sequence, at) for one in seen]


def conversation_names(snapshot: ConversationPayload) -> Names:
    return names(
        phone=snapshot.phone_number,
        bsuid=snapshot.business_scoped_user_id,
        parent=snapshot.parent_business_scoped_user_id,
        username=snapshot.username,
        name=filled(snapshot.contact_name) or (snapshot.kapso.contact_name if snapshot.kapso else None),
    )


def snapshot_time(snapshot: ConversationPayload, context: EventContext) -> datetime | None:
    for value in (snapshot.updated_at, snapshot.last_active_at, snapshot.created_at):
        if at := iso_time(value, context.latest):
            return at
    return None


def conversation_row(
    snapshot: ConversationPayload,
    who: Names,
    at: datetime,
    context: EventContext,
    phone_number_id: str | None,
    status: str | None = None,
) -> list[Conversation]:
    """One row, or none for a snapshot without an id. `at` is the event's time, for snapshots that bring none."""
    if snapshot.id is None:
        return []
    state_at = snapshot_time(snapshot, context) or at
    status = status or filled(snapshot.status)
    metadata = json_text(snapshot.metadata, context)
    return [
        Conversation(
            id=snapshot.id,
            named_as=who.named_as,
            phone_number_id=phone_number_id,
            status=status,
            state_at=state_at if status else None,
            created_at=iso_time(snapshot.created_at, context.latest),
            last_active_at=iso_time(snapshot.last_active_at, context.latest),
            ended_at=state_at if status == "ended" else None,
            metadata=metadata,
            metadata_at=state_at if metadata else None,
            metadata_received_at=context.received_at if metadata else None,
            metadata_tie=tie(metadata) if metadata else None,
        )
    ]


def our_number(phone_number_id: str | None) -> list[PhoneNumber]:
    return [PhoneNumber(phone_number_id)] if phone_number_id else []


def contact_facts(contact: Contact, context: EventContext) -> Facts:
    facts, _ = _contact(contact, context)
    return facts


def _contact(contact: Contact, context: EventContext) -> tuple[Facts, Names]:
    who = names(
        wa_id=contact.wa_id,
        bsuid=contact.business_scoped_user_id,
        parent=contact.parent_business_scoped_user_id,
        username=contact.username,
        name=filled(contact.display_name) or contact.profile_name,
    )
    if not who.named_as:
        raise Malformed("contact has neither wa_id nor business_scoped_user_id")
    at = iso_time(contact.updated_at, context.latest) or context.received_at
    seen, joins = sightings(who, at)
    if (id := filled(contact.id)) and (bsuid := who.bsuid or who.parent):
        seen.append(Sighting(f"kapso:{id}", bsuid, at, at, as_parent=not who.bsuid))
    return Facts(sightings=seen, joins=joins), who
