"""v2 message events: received, sent, delivered, read and failed share one shape. Batches hold several of them."""

from typing import Any

from pydantic import Field

from kapso.base import Payload, Short
from kapso.conversation import ConversationPayload


class StatusPayload(Payload):
    """One step of an outbound message, as Meta says it; `timestamp` is unix seconds.

    `recipient_type` is "group" where it is about one member of a group, named by `recipient_participant_id`.
    """

    id: Short | None = None
    status: str
    timestamp: str | None = None
    recipient_id: Short | None = None
    recipient_user_id: Short | None = None
    recipient_parent_user_id: Short | None = None
    recipient_type: Short | None = None
    errors: list[dict[str, Any]] | None = None


class ReplyContext(Payload):
    """What a message refers to: the message it answers, or the product of a catalogue that it asks about."""

    id: Short | None = None
    referred_product: dict[str, Any] | None = None


class MessageKapso(Payload):
    """Fields that Kapso adds. `content` is Kapso's rendering: read it only if the words are nowhere else (a text
    message without `text.body`, a listed template). `statuses` may lack steps.
    """

    direction: Short | None = None
    status: Short | None = None
    origin: Short | None = None
    contact_name: str | None = None
    phone_number: Short | None = None
    phone_number_id: Short | None = None
    whatsapp_conversation_id: Short | None = None
    content: Any = None
    media_url: str | None = None
    media_data: dict[str, Any] | None = None
    message_type_data: dict[str, Any] | None = None
    transcript: Any = None
    order_text: str | None = None
    statuses: list[StatusPayload] | None = None


class Edit(Payload):
    """The whole new message, in place of the one that it names."""

    original_message_id: str = Field(min_length=1)
    message: dict[str, Any] | None = None


class Revoke(Payload):
    """The sender deleted the message that it names."""

    original_message_id: str = Field(min_length=1)


class MetaMessage(Payload):
    """A message as WhatsApp says it. The part named like `type` (text, image, interactive …) stands among other keys.

    `timestamp` is unix seconds. The customer is `sender` of what came in, and `to` of what went out. `group_id` is set
    in groups, `referral` is the advertisement that somebody came from.
    """

    id: str = Field(min_length=1)
    timestamp: Any = None
    type: Short | None = None
    sender: Short | None = Field(None, alias="from")
    to: Short | None = None
    from_user_id: Short | None = None
    from_parent_user_id: Short | None = None
    to_user_id: Short | None = None
    to_parent_user_id: Short | None = None
    group_id: Short | None = None
    context: ReplyContext | None = None
    referral: dict[str, Any] | None = None
    errors: list[dict[str, Any]] | None = None
    edit: Edit | None = None
    revoke: Revoke | None = None


class MessagePayload(MetaMessage):
    """`timestamp` is the time of the event: in status events that of the status, not of the message."""

    username: Short | None = None
    kapso: MessageKapso | None = None


class MessageEvent(Payload):
    message: MessagePayload
    conversation: ConversationPayload | None = None
    is_new_conversation: Any = None
    phone_number_id: Short | None = None
