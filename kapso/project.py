"""Project-wide events: our numbers and accounts, bot runs, and business events that bots emit."""

from typing import Any
from uuid import UUID

from pydantic import Field

from kapso.base import Payload, Short


class PhoneNumberEvent(Payload):
    """phone_number.created, deleted, offboarded, disconnected, reconnected."""

    phone_number_id: str = Field(min_length=1)
    occurred_at: str | None = None
    connection_type: Short | None = None
    disconnection: dict[str, Any] | None = None


class AccountPhoneNumber(Payload):
    id: str = Field(min_length=1)
    display_phone_number: Short | None = None


class AccountEvent(Payload):
    """account.disabled, restricted, reinstated, violation."""

    id: Short | None = None
    occurred_at: str | None = None
    phone_numbers: list[AccountPhoneNumber] | None = None


class WorkflowEvent(Payload):
    """workflow.execution.handoff and failed: pointers only, no phone and no variables."""

    workflow_execution_id: str = Field(min_length=1)
    occurred_at: str | None = None
    workflow_id: Short | None = None
    status: Short | None = None
    tracking_id: Short | None = None
    channel: Short | None = None
    whatsapp_conversation_id: UUID | None = None
    handoff: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class ListedExecution(Payload):
    """A run as the API lists it; its variables stand in the single object only."""

    id: str = Field(min_length=1)
    status: Short | None = None
    workflow_id: Short | None = None
    tracking_id: Short | None = None
    whatsapp_conversation_id: UUID | None = None
    created_at: str | None = None
    updated_at: str | None = None
    ended_at: str | None = None


class ProjectEventPayload(Payload):
    id: str = Field(min_length=1)
    name: str
    occurred_at: str | None = None
    conversation_id: UUID | None = None
    properties: dict[str, Any] | None = None
