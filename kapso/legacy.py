"""v1 message events. `message.id` is Kapso's own there; the wamid is `whatsapp_message_id`."""

from typing import Any

from pydantic import Field

from kapso.base import Payload, Short
from kapso.conversation import ConversationPayload


class LegacyMessage(Payload):
    """`created_at` is when the message was made, whatever the event.

    The person stands in `phone_number` or `conversation_phone_number`, and is called `contact_name`.
    """

    whatsapp_message_id: str = Field(min_length=1)
    message_type: Short | None = None
    content: Any = None
    caption: str | None = None
    direction: Short | None = None
    status: Short | None = None
    phone_number: Short | None = None
    conversation_phone_number: Short | None = None
    contact_name: str | None = None
    origin: Short | None = None
    created_at: Any = None
    media_url: str | None = None
    media_data: dict[str, Any] | None = None
    message_type_data: dict[str, Any] | None = None


class WhatsappConfig(Payload):
    name: str | None = None
    phone_number_id: Short | None = None
    display_phone_number: Short | None = None


class LegacyMessageEvent(Payload):
    message: LegacyMessage
    conversation: ConversationPayload | None = None
    whatsapp_config: WhatsappConfig | None = None
    is_new_conversation: Any = None
