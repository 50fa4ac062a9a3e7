"""Conversations as Kapso snapshots them, and the events that carry nothing else."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from kapso.base import Payload, Short


class ConversationKapso(Payload):
    contact_name: str | None = None


class ConversationPayload(Payload):
    """A session: it ends after a day of silence, by an agent or by hand, and can be reopened.

    Kapso's own documentation and its Test button show ids that are no UUIDs: such a snapshot names a person only.
    """

    id: UUID | None = None
    contact_name: str | None = None
    phone_number: Short | None = None
    business_scoped_user_id: Short | None = None
    parent_business_scoped_user_id: Short | None = None
    username: Short | None = None
    status: Short | None = None
    last_active_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    metadata: dict[str, Any] | None = None
    phone_number_id: Short | None = None
    kapso: ConversationKapso | None = None


class ConversationEvent(Payload):
    """conversation.created, ended and inactive."""

    conversation: ConversationPayload
    phone_number_id: Short | None = None
    since_message: dict[str, Any] | None = None
    inactivity: dict[str, Any] | None = None


class Contact(Payload):
    """`id` is Kapso's own. A contact is known by it, by a wa_id, or by a business-scoped id."""

    id: Short | None = None
    wa_id: Short | None = None
    profile_name: str | None = None
    display_name: str | None = None
    business_scoped_user_id: Short | None = None
    parent_business_scoped_user_id: Short | None = None
    username: Short | None = None
    created_at: str | None = None
    updated_at: str | None = None


class PreviousIdentity(Payload):
    business_scoped_user_id: Short | None = None
    parent_business_scoped_user_id: Short | None = None


class MarketingPreference(Payload):
    """`sequence` orders these events; they come unordered. `status` is stopped or resumed."""

    status: str
    sequence: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    previous_status: Short | None = None
    detail: str | None = None
    occurred_at: str | None = None


class ContactEvent(Payload):
    """contact.identity_changed."""

    contact: Contact
    previous: PreviousIdentity | None = None
    phone_number_id: Short | None = None


class MarketingPreferenceEvent(Payload):
    """contact.marketing_preference_changed: for the business number `phone_number_id`, not for the others."""

    contact: Contact
    marketing_preference: MarketingPreference
    phone_number_id: Short | None = None
