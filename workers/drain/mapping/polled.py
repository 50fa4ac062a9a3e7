"""What a poll read: the same objects that webhooks bring, through the same mappings."""

from dataclasses import replace
from typing import Final

from domain.types import Facts
from kapso.base import iso_time, read
from kapso.conversation import ContactEvent
from kapso.message import MessageEvent
from kapso.project import ListedExecution, WorkflowEvent
from workers.drain.mapping.conversation import contact_facts
from workers.drain.mapping.message import message_event
from workers.drain.mapping.project import workflow_event
from workers.drain.mapping.values import LISTED_INBOUND, LISTED_OUTBOUND, EventContext

UNDER_WAY: Final = ("running", "waiting", None)


def polled_message(event: MessageEvent, context: EventContext) -> Facts:
    """As the API lists it: the conversation stands in `kapso`, and `timestamp` is when the message was made."""
    kapso = event.message.kapso
    name = LISTED_INBOUND if kapso and kapso.direction == "inbound" else LISTED_OUTBOUND
    return message_event(event, replace(context, event=name))


def polled_execution(event: ListedExecution, context: EventContext) -> Facts:
    """A run as the API lists it. Kapso pushes handoffs and failures; only polls find that a run began or completed."""
    at = event.updated_at or event.ended_at or event.created_at
    pushed = event.model_dump(exclude={"id"}) | {"workflow_execution_id": event.id, "occurred_at": at}
    (row,) = workflow_event(read(WorkflowEvent, pushed, context.dropped), context).workflow_executions
    row = row._replace(started_at=iso_time(event.created_at, context.latest))
    if event.status in UNDER_WAY:
        row = row._replace(status=None, status_at=None, ended_at=None)
    return Facts(workflow_executions=[row])


def polled_contact(event: ContactEvent, context: EventContext) -> Facts:
    return contact_facts(event.contact, context)
