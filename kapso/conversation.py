"""Conversations as Kapso snapshots them, and the events that carry nothing else."""

from typing import Any
from uuid import UUID

from kapso.base import Payload


class ConversationKapso(Payload):
    contact_name: str | None = None


class Conversation(Payload):
    """A session: it ends after a day of silence, by an agent or by hand, and can be reopened."""

    id: UUID
    contact_name: str | None = None
    phone_number: str | None = None
    business_scoped_user_id: str | None = None
    parent_business_scoped_user_id: str | None = None
    username: str | None = None
    status: str | None = None
    last_active_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    metadata: dict[str, Any] | None = None
    phone_number_id: str | None = None
    kapso: ConversationKapso | None = None


class ConversationEvent(Payload):
    """conversation.created, ended and inactive."""

    conversation: Conversation
    phone_number_id: str | None = None
    since_message: dict[str, Any] | None = None
    inactivity: dict[str, Any] | None = None


class Contact(Payload):
    id: str
    wa_id: str | None = None
    profile_name: str | None = None
    display_name: str | None = None
    business_scoped_user_id: str | None = None
    parent_business_scoped_user_id: str | None = None
    username: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class PreviousIdentity(Payload):
    business_scoped_user_id: str | None = None
    parent_business_scoped_user_id: str | None = None


class MarketingPreference(Payload):
    """`sequence` orders these events; they come unordered."""

    status: str
    sequence: int
    previous_status: str | None = None
    detail: str | None = None
    occurred_at: str | None = None


class ContactEvent(Payload):
    """contact.identity_changed."""

    contact: Contact
    previous: PreviousIdentity | None = None
    phone_number_id: str | None = None


class MarketingPreferenceEvent(Payload):
    """contact.marketing_preference_changed."""

    contact: Contact
    marketing_preference: MarketingPreference
    phone_number_id: str | None = None
