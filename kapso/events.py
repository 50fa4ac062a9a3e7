"""The event types of Kapso's webhooks, each declared once. A new type is one line of EVENT_TYPES.

The mapping, `mirror webhooks check|register`, the alarm about losses, docs/events.md and the tests of payloads derive
from it. Source: Kapso's documentation of webhook events.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from kapso.base import Payload
from kapso.conversation import ContactEvent, ConversationEvent, MarketingPreferenceEvent
from kapso.message import MessageEvent
from kapso.project import AccountEvent, PhoneNumberEvent, ProjectEventPayload, WorkflowEvent

Webhook: TypeAlias = Literal["number", "project"]
"""Which of our two webhooks receives the event: the one of a phone number, or the one of the project."""


class EventType(NamedTuple):
    name: str
    model: type[Payload] | None
    """What the body is read as; its mapping stands in workers.drain.mapping.events. None: kept raw, without rows."""
    body_key: str
    """The key that every body of this type has; the drain uses it to detect a body of another type."""
    webhook: Webhook | None
    """None: the mirror does not subscribe to it."""
    becomes: str
    """What it writes, in the words of docs/events.md."""
    is_inbound: bool = False
    """Of messages: whether the customer wrote it. The others say which status a message of ours has reached."""
    is_listed: bool = True
    """Whether Kapso's API lists such facts too: what was lost of the others cannot be fetched again."""


MESSAGE_ROWS = "message, conversation, contact (v1, v2, batches)"
NUMBER_ROWS = "phone number"
UNUSED = "nothing: kept raw, no reader needs rows of it"

EVENT_TYPES: Final = (
    EventType("whatsapp.message.received", MessageEvent, "message", "number", MESSAGE_ROWS, is_inbound=True),
    EventType("whatsapp.message.sent", MessageEvent, "message", "number", MESSAGE_ROWS),
    EventType("whatsapp.message.delivered", MessageEvent, "message", "number", MESSAGE_ROWS),
    EventType("whatsapp.message.read", MessageEvent, "message", "number", MESSAGE_ROWS),
    EventType("whatsapp.message.failed", MessageEvent, "message", "number", MESSAGE_ROWS),
    EventType("whatsapp.conversation.created", ConversationEvent, "conversation", "number", "conversation, contact"),
    EventType("whatsapp.conversation.ended", ConversationEvent, "conversation", "number", "conversation, contact"),
    EventType("whatsapp.conversation.inactive", ConversationEvent, "conversation", "number", "conversation, contact"),
    EventType("whatsapp.contact.identity_changed", ContactEvent, "contact", "number", "contact", is_listed=False),
    EventType(
        "whatsapp.contact.marketing_preference_changed", MarketingPreferenceEvent, "marketing_preference", "number",
        "marketing preference", is_listed=False,
    ),
    EventType("whatsapp.phone_number.created", PhoneNumberEvent, "phone_number_id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.phone_number.deleted", PhoneNumberEvent, "phone_number_id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.phone_number.offboarded", PhoneNumberEvent, "phone_number_id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.phone_number.disconnected", PhoneNumberEvent, "phone_number_id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.phone_number.reconnected", PhoneNumberEvent, "phone_number_id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.account.disabled", AccountEvent, "id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.account.restricted", AccountEvent, "id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.account.reinstated", AccountEvent, "id", "project", NUMBER_ROWS, is_listed=False),
    EventType("whatsapp.account.violation", AccountEvent, "id", "project", NUMBER_ROWS, is_listed=False),
    EventType("workflow.execution.handoff", WorkflowEvent, "workflow_execution_id", "project", "workflow execution"),
    EventType("workflow.execution.failed", WorkflowEvent, "workflow_execution_id", "project", "workflow execution"),
    EventType("project.event", ProjectEventPayload, "name", "project", "project event"),
    EventType("kapso_agent.run.approval_required", None, "", None, UNUSED),
    EventType("kapso_agent.run.completed", None, "", None, UNUSED),
    EventType("kapso_agent.run.failed", None, "", None, UNUSED),
    EventType("kapso_agent.run.cancelled", None, "", None, UNUSED),
    EventType("whatsapp.config.created", None, "", None, UNUSED),
    EventType("whatsapp.config.deleted", None, "", None, UNUSED),
)  # fmt: skip

BY_NAME: Final[Mapping[str, EventType]] = {one.name: one for one in EVENT_TYPES}
INBOUND: Final = frozenset(one.name for one in EVENT_TYPES if one.is_inbound)
NOT_LISTED: Final = tuple(sorted(one.name for one in EVENT_TYPES if one.model and not one.is_listed))
"""What was lost of these, Kapso's API cannot give back."""


def subscribed(webhook: Webhook) -> tuple[str, ...]:
    """The names of the events that this webhook must receive."""
    return tuple(one.name for one in EVENT_TYPES if one.webhook == webhook)


def table() -> str:
    """EVENT_TYPES as the table of docs/events.md."""
    together: dict[str, list[str]] = {}
    for one in EVENT_TYPES:
        together.setdefault(one.becomes, []).append(f"`{one.name}`")
    lines = (f"| {', '.join(names)} | {becomes} |" for becomes, names in together.items())
    return "\n".join(("| event | becomes |", "|---|---|", *lines))
