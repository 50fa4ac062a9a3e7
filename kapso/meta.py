"""The forwarded Meta kind: raw bodies with several entries, changes, messages and statuses, even of several numbers.

Each message and status is validated by itself, so that a bad one does not take its neighbours along.
"""

from functools import cached_property
from typing import Any

from pydantic import Field

from kapso.base import Payload, Short
from kapso.message import StatusPayload


class MetaProfile(Payload):
    name: str | None = None
    username: Short | None = None


class MetaContact(Payload):
    profile: MetaProfile | None = None
    wa_id: Short | None = None
    user_id: Short | None = None
    parent_user_id: Short | None = None


class MetaMetadata(Payload):
    display_phone_number: Short | None = None
    phone_number_id: Short | None = None


class UserPreference(Payload):
    """Whether a person takes marketing messages from this number: `value` is stop or resume."""

    wa_id: Short | None = None
    user_id: Short | None = None
    category: Short | None = None
    value: str
    timestamp: Any = None


class MetaValue(Payload):
    """`errors` are about the number as a whole, not about one message."""

    metadata: MetaMetadata | None = None
    contacts: list[MetaContact] | None = None
    messages: list[Any] | None = None
    statuses: list[Any] | None = None
    message_echoes: list[Any] | None = None
    user_preferences: list[Any] | None = None
    errors: list[dict[str, Any]] | None = None

    @cached_property
    def people(self) -> dict[tuple[str, str], MetaContact]:
        """The entries of contacts[] by kind and name; the first of several."""
        known: dict[tuple[str, str], MetaContact] = {}
        for contact in reversed(self.contacts or []):
            names = (("user", contact.user_id), ("wa", contact.wa_id))
            known |= {(kind, name): contact for kind, name in names if name}
        return known

    @cached_property
    def only_person(self) -> MetaContact | None:
        """The only entry of contacts[], or None if there are several or the messages, echoes, statuses and preferences
        name more than one person.
        """
        named = {
            tuple(str(part[key]) for key in keys if part.get(key))
            for parts, keys in (
                (self.messages, ("from", "from_user_id")),
                (self.message_echoes, ("to", "to_user_id")),
                (self.statuses, ("recipient_id", "recipient_user_id")),
                (self.user_preferences, ("wa_id", "user_id")),
            )
            for part in parts or []
            if isinstance(part, dict)
        }
        contacts = self.contacts or []
        return contacts[0] if len(contacts) == 1 and len(named - {()}) <= 1 else None


class MetaChange(Payload):
    field: Short | None = None
    value: MetaValue | None = None


class MetaEntry(Payload):
    id: Short | None = None
    time: Any = None
    changes: list[Any] | None = None


class MetaBody(Payload):
    object: str
    entry: list[Any]


class MetaStatus(StatusPayload):
    id: str = Field(min_length=1)
