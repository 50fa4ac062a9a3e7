"""v1 message events. `message.id` is Kapso's own there; the wamid is `whatsapp_message_id`."""

from typing import Any

from pydantic import Field

from kapso.base import Payload
from kapso.conversation import Conversation


class LegacyMessage(Payload):
    """`created_at` is when the message was made, whatever the event."""

    whatsapp_message_id: str = Field(min_length=1)
    message_type: str | None = None
    content: Any = None
    direction: str | None = None
    status: str | None = None
    phone_number: str | None = None
    origin: str | None = None
    created_at: str | None = None
    media_url: str | None = None


class WhatsappConfig(Payload):
    name: str | None = None
    phone_number_id: str | None = None
    display_phone_number: str | None = None


class LegacyMessageEvent(Payload):
    message: LegacyMessage
    conversation: Conversation | None = None
    whatsapp_config: WhatsappConfig | None = None
    is_new_conversation: bool | None = None
