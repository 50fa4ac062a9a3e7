"""The forwarded Meta kind: raw bodies with several entries, changes, messages and statuses, even of several numbers.

Each message and status is validated by itself, so that a bad one does not take its neighbours along.
"""

from typing import Any

from pydantic import Field

from kapso.base import Payload
from kapso.message import Status


class MetaProfile(Payload):
    name: str | None = None
    username: str | None = None


class MetaContact(Payload):
    profile: MetaProfile | None = None
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class MetaMetadata(Payload):
    display_phone_number: str | None = None
    phone_number_id: str | None = None


class MetaValue(Payload):
    metadata: MetaMetadata | None = None
    contacts: list[MetaContact] | None = None
    messages: list[Any] | None = None
    statuses: list[Any] | None = None
    message_echoes: list[Any] | None = None


class MetaChange(Payload):
    field: str | None = None
    value: MetaValue | None = None


class MetaEntry(Payload):
    id: str | None = None
    changes: list[Any] | None = None


class MetaBody(Payload):
    object: str
    entry: list[MetaEntry]


class MetaStatus(Status):
    id: str = Field(min_length=1)
