"""The table of event types: a new one is one line here."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kapso.base import Payload
from kapso.conversation import ContactEvent, ConversationEvent, MarketingPreferenceEvent
from kapso.message import MessageEvent
from kapso.project import AccountEvent, ListedExecution, PhoneNumberEvent, ProjectEvent, WorkflowEvent
from rows.types import Facts
from workers.mapping.conversation import conversation_event, identity_changed, marketing_preference_changed
from workers.mapping.message import message_event
from workers.mapping.polled import polled_contact, polled_execution, polled_message
from workers.mapping.project import account_event, phone_number_event, project_event, workflow_event
from workers.mapping.values import Occasion


class EventType(NamedTuple):
    """`holds` is the key that tells a body of this kind from others."""

    holds: str
    model: type[Payload]
    facts: Callable[[Any, Occasion], Facts]


MESSAGE = EventType("message", MessageEvent, message_event)
CONVERSATION = EventType("conversation", ConversationEvent, conversation_event)
PHONE_NUMBER = EventType("phone_number_id", PhoneNumberEvent, phone_number_event)
ACCOUNT = EventType("id", AccountEvent, account_event)
WORKFLOW = EventType("workflow_execution_id", WorkflowEvent, workflow_event)

MIRRORED: Mapping[str, EventType] = {
    "whatsapp.message.received": MESSAGE,
    "whatsapp.message.sent": MESSAGE,
    "whatsapp.message.delivered": MESSAGE,
    "whatsapp.message.read": MESSAGE,
    "whatsapp.message.failed": MESSAGE,
    "whatsapp.conversation.created": CONVERSATION,
    "whatsapp.conversation.ended": CONVERSATION,
    "whatsapp.conversation.inactive": CONVERSATION,
    "whatsapp.contact.identity_changed": EventType("contact", ContactEvent, identity_changed),
    "whatsapp.contact.marketing_preference_changed": EventType(
        "marketing_preference", MarketingPreferenceEvent, marketing_preference_changed
    ),
    "whatsapp.phone_number.created": PHONE_NUMBER,
    "whatsapp.phone_number.deleted": PHONE_NUMBER,
    "whatsapp.phone_number.offboarded": PHONE_NUMBER,
    "whatsapp.phone_number.disconnected": PHONE_NUMBER,
    "whatsapp.phone_number.reconnected": PHONE_NUMBER,
    "whatsapp.account.disabled": ACCOUNT,
    "whatsapp.account.restricted": ACCOUNT,
    "whatsapp.account.reinstated": ACCOUNT,
    "whatsapp.account.violation": ACCOUNT,
    "workflow.execution.handoff": WORKFLOW,
    "workflow.execution.failed": WORKFLOW,
    "project.event": EventType("name", ProjectEvent, project_event),
}

POLLED: Mapping[str, EventType] = {
    "poll.messages": EventType("message", MessageEvent, polled_message),
    "poll.conversations": EventType("conversation", ConversationEvent, conversation_event),
    "poll.contacts": EventType("contact", ContactEvent, polled_contact),
    "poll.executions": EventType("id", ListedExecution, polled_execution),
    "poll.events": EventType("id", ProjectEvent, project_event),
}
"""What a poll reads, by our own names; a webhook can't use them."""

IGNORED = frozenset(
    {
        "kapso_agent.run.approval_required",
        "kapso_agent.run.completed",
        "kapso_agent.run.failed",
        "kapso_agent.run.cancelled",
        "whatsapp.config.created",
    }
)
"""Known and kept raw, but no reader needs rows of them."""
