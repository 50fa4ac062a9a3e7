"""Conversation snapshots, and the events about conversations and contacts."""

from datetime import datetime

from kapso.base import iso_time
from kapso.conversation import (
    Contact,
    ContactEvent,
    ConversationEvent,
    MarketingPreferenceEvent,
)
from kapso.conversation import Conversation as Snapshot
from rows.types import Conversation, Facts, Join, PhoneNumber, Sighting
from workers.mapping.values import Malformed, Names, Occasion, filled, json_text, names, sightings, tie


def conversation_event(event: ConversationEvent, occasion: Occasion) -> Facts:
    """conversation.created, ended, inactive."""
    snapshot = event.conversation
    who = conversation_names(snapshot)
    at = snapshot_time(snapshot, occasion) or occasion.received_at
    status = "ended" if occasion.verb == "ended" else None
    phone_number_id = filled(snapshot.phone_number_id) or filled(event.phone_number_id)
    seen, joins = sightings(who, at)
    return Facts(
        sightings=seen,
        joins=joins,
        conversations=[conversation_row(snapshot, who, at, occasion, phone_number_id, status)],
        phone_numbers=our_number(phone_number_id),
    )


def identity_changed(event: ContactEvent, occasion: Occasion) -> Facts:
    """A person's business-scoped id was replaced: both are the same person."""
    facts, who = _contact(event.contact, occasion)
    previous = event.previous
    if previous and (bsuid := who.bsuid or who.parent):
        if old := filled(previous.business_scoped_user_id):
            facts.joins.append(Join(bsuid, old, "previous"))
        if old := filled(previous.parent_business_scoped_user_id):
            facts.joins.append(Join(bsuid, old, "parent"))
    facts.phone_numbers = our_number(filled(event.phone_number_id))
    return facts


def marketing_preference_changed(event: MarketingPreferenceEvent, occasion: Occasion) -> Facts:
    facts, _ = _contact(event.contact, occasion)
    preference = event.marketing_preference
    at = iso_time(preference.occurred_at, occasion.received_at) or occasion.received_at
    facts.sightings = [
        sighting._replace(
            marketing_preference=preference.status,
            marketing_sequence=preference.sequence,
            marketing_preference_at=at,
        )
        for sighting in facts.sightings
    ]
    facts.phone_numbers = our_number(filled(event.phone_number_id))
    return facts


def conversation_names(snapshot: Snapshot) -> Names:
    return names(
        phone=snapshot.phone_number,
        bsuid=snapshot.business_scoped_user_id,
        parent=snapshot.parent_business_scoped_user_id,
        username=snapshot.username,
        name=filled(snapshot.contact_name) or (snapshot.kapso.contact_name if snapshot.kapso else None),
    )


def snapshot_time(snapshot: Snapshot, occasion: Occasion) -> datetime | None:
    for value in (snapshot.updated_at, snapshot.last_active_at, snapshot.created_at):
        if at := iso_time(value, occasion.received_at):
            return at
    return None


def conversation_row(
    snapshot: Snapshot,
    who: Names,
    at: datetime,
    occasion: Occasion,
    phone_number_id: str | None,
    status: str | None = None,
) -> Conversation:
    """`at` is the time of the event, for snapshots that bring none of their own."""
    state_at = snapshot_time(snapshot, occasion) or at
    status = status or filled(snapshot.status)
    metadata = None if snapshot.metadata is None else json_text(snapshot.metadata)
    return Conversation(
        id=snapshot.id,
        named_as=who.named_as,
        phone_number_id=phone_number_id,
        status=status,
        state_at=state_at if status else None,
        created_at=iso_time(snapshot.created_at, occasion.received_at),
        last_active_at=iso_time(snapshot.last_active_at, occasion.received_at),
        ended_at=state_at if status == "ended" else None,
        metadata=metadata,
        metadata_at=state_at if metadata else None,
        metadata_received_at=occasion.received_at if metadata else None,
        metadata_tie=tie(metadata) if metadata else None,
    )


def our_number(phone_number_id: str | None) -> list[PhoneNumber]:
    return [PhoneNumber(phone_number_id)] if phone_number_id else []


def contact_facts(contact: Contact, occasion: Occasion) -> Facts:
    facts, _ = _contact(contact, occasion)
    return facts


def _contact(contact: Contact, occasion: Occasion) -> tuple[Facts, Names]:
    who = names(
        wa_id=contact.wa_id,
        bsuid=contact.business_scoped_user_id,
        parent=contact.parent_business_scoped_user_id,
        username=contact.username,
        name=filled(contact.display_name) or contact.profile_name,
    )
    if not who.named_as:
        raise Malformed("contact has neither wa_id nor business_scoped_user_id")
    at = iso_time(contact.updated_at, occasion.received_at) or occasion.received_at
    seen, joins = sightings(who, at)
    if bsuid := who.bsuid or who.parent:
        seen.append(Sighting(f"kapso:{contact.id}", bsuid, at, at, as_parent=not who.bsuid))
    return Facts(sightings=seen, joins=joins), who
