"""v2 message events: received, sent, delivered, read and failed share one shape. Batches hold several of them."""

from typing import Any

from pydantic import Field

from kapso.base import Payload
from kapso.conversation import Conversation


class Status(Payload):
    """One step of an outbound message, as Meta says it; `timestamp` is unix seconds."""

    id: str | None = None
    status: str
    timestamp: str | None = None
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_parent_user_id: str | None = None
    errors: list[dict[str, Any]] | None = None


class Context(Payload):
    id: str | None = None


class MessageKapso(Payload):
    """What Kapso adds. `content` is a rendering, never the person's words; `statuses` a history that may have gaps."""

    direction: str | None = None
    status: str | None = None
    origin: str | None = None
    contact_name: str | None = None
    media_url: str | None = None
    media_data: dict[str, Any] | None = None
    message_type_data: dict[str, Any] | None = None
    transcript: Any = None
    order_text: str | None = None
    statuses: list[Status] | None = None


class MetaMessage(Payload):
    """A message as WhatsApp says it. The part named like `type` (text, image, interactive …) stands among other keys.

    `timestamp` is unix seconds. The customer is `sender` of what came in, and `to` of what went out.
    """

    id: str = Field(min_length=1)
    timestamp: str | None = None
    type: str | None = None
    sender: str | None = Field(None, alias="from")
    to: str | None = None
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    to_user_id: str | None = None
    to_parent_user_id: str | None = None
    context: Context | None = None
    errors: list[dict[str, Any]] | None = None


class Message(MetaMessage):
    """`timestamp` is the time of the event: in status events that of the status, not of the message."""

    username: str | None = None
    kapso: MessageKapso | None = None


class MessageEvent(Payload):
    message: Message
    conversation: Conversation | None = None
    is_new_conversation: bool | None = None
    phone_number_id: str | None = None
