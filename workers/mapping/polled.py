"""What a poll read: the same objects that webhooks bring, through the same mappings."""

from kapso.conversation import ContactEvent, Conversation
from kapso.message import MessageEvent
from rows.types import Facts
from workers.mapping.conversation import contact_facts
from workers.mapping.message import message_event
from workers.mapping.values import Occasion


def polled_message(event: MessageEvent, occasion: Occasion) -> Facts:
    """As the API lists it: the conversation stands in `kapso`, and `timestamp` is when the message was made."""
    kapso = event.message.kapso
    session = kapso.other("whatsapp_conversation_id") if kapso else None
    if kapso and session:
        said = {"id": session, "phone_number": kapso.other("phone_number"), "contact_name": kapso.contact_name}
        event = event.model_copy(update={"conversation": Conversation.model_validate(said)})
    verb = "received" if kapso and kapso.direction == "inbound" else "listed"
    return message_event(event, Occasion(f"poll.{verb}", occasion.received_at))


def polled_contact(event: ContactEvent, occasion: Occasion) -> Facts:
    return contact_facts(event.contact, occasion)
