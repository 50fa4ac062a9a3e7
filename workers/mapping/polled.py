"""What a poll read: the same objects that webhooks bring, through the same mappings."""

from kapso.conversation import ContactEvent, Conversation
from kapso.message import MessageEvent
from kapso.project import ListedExecution, WorkflowEvent
from rows.types import Facts
from workers.mapping.conversation import contact_facts
from workers.mapping.message import message_event
from workers.mapping.project import workflow_event
from workers.mapping.values import Ignored, Occasion


def polled_message(event: MessageEvent, occasion: Occasion) -> Facts:
    """As the API lists it: the conversation stands in `kapso`, and `timestamp` is when the message was made."""
    kapso = event.message.kapso
    session = kapso.other("whatsapp_conversation_id") if kapso else None
    if kapso and session:
        said = {"id": session, "phone_number": kapso.other("phone_number"), "contact_name": kapso.contact_name}
        event = event.model_copy(update={"conversation": Conversation.model_validate(said)})
    verb = "received" if kapso and kapso.direction == "inbound" else "listed"
    return message_event(event, Occasion(f"poll.{verb}", occasion.received_at))


def polled_execution(event: ListedExecution, occasion: Occasion) -> Facts:
    """The mirror has runs that were handed to a person or failed, and no others: neither by push nor by poll."""
    if event.status not in ("handoff", "failed"):
        raise Ignored("a run that nobody has to look after")
    at = event.updated_at or event.ended_at or event.created_at
    pushed = event.model_dump(exclude={"id"}) | {"workflow_execution_id": event.id, "occurred_at": at}
    return workflow_event(WorkflowEvent.model_validate(pushed), occasion)


def polled_contact(event: ContactEvent, occasion: Occasion) -> Facts:
    return contact_facts(event.contact, occasion)
