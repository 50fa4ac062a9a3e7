"""How the models of kapso.events become facts: one function a model."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from domain.types import Facts
from kapso.base import Payload
from kapso.conversation import ContactEvent, ConversationEvent, MarketingPreferenceEvent
from kapso.message import MessageEvent
from kapso.project import AccountEvent, ListedExecution, PhoneNumberEvent, ProjectEventPayload, WorkflowEvent
from workers.drain.mapping.conversation import conversation_event, identity_changed, marketing_preference_changed
from workers.drain.mapping.message import message_event
from workers.drain.mapping.polled import polled_contact, polled_execution, polled_message
from workers.drain.mapping.project import account_event, phone_number_event, project_event, workflow_event
from workers.drain.mapping.values import EventContext

Map: TypeAlias = Callable[[Any, EventContext], Facts]

MAPS: Final[Mapping[type[Payload], Map]] = {
    MessageEvent: message_event,
    ConversationEvent: conversation_event,
    ContactEvent: identity_changed,
    MarketingPreferenceEvent: marketing_preference_changed,
    PhoneNumberEvent: phone_number_event,
    AccountEvent: account_event,
    WorkflowEvent: workflow_event,
    ProjectEventPayload: project_event,
}


class Polled(NamedTuple):
    """What a poll reads: the model of an element, and how that becomes facts."""

    model: type[Payload]
    facts: Map


POLLED: Final[Mapping[str, Polled]] = {
    "poll.messages": Polled(MessageEvent, polled_message),
    "poll.conversations": Polled(ConversationEvent, conversation_event),
    "poll.contacts": Polled(ContactEvent, polled_contact),
    "poll.executions": Polled(ListedExecution, polled_execution),
    "poll.events": Polled(ProjectEventPayload, project_event),
}
"""By our own names; a webhook can't use them."""
