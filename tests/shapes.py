"""Messages of every type that WhatsApp's Cloud API publishes, as a Kapso v2 event, in a batch, and forwarded by Meta."""

from collections.abc import Iterator
from typing import Any, NamedTuple

AT = "1793000000"
NUMBER = {"display_phone_number": "6281100", "phone_number_id": "200010002000300"}
MEDIA = {"id": "MEDIA1", "mime_type": "image/jpeg", "sha256": "abc=", "caption": "lihat"}
TYPED: dict[str, Any] = {
    "text": {"body": "halo"},
    "image": MEDIA,
    "video": MEDIA,
    "audio": {"id": "MEDIA2", "mime_type": "audio/ogg; codecs=opus", "sha256": "abc=", "voice": True},
    "sticker": {"id": "MEDIA3", "mime_type": "image/webp", "sha256": "abc=", "animated": False},
    "document": MEDIA | {"filename": "daftar harga.pdf"},
    "location": {
        "latitude": -6.9,
        "longitude": 107.6,
        "name": "Toko",
        "address": "Jl. Braga 1",
        "url": "https://a.example",
    },
    "contacts": [
        {
            "name": {"formatted_name": "Bu Wati", "first_name": "Wati"},
            "phones": [{"phone": "+62 812", "wa_id": "62812", "type": "CELL"}],
            "emails": [{"email": "wati@a.example", "type": "WORK"}],
            "org": {"company": "Toko Wati"},
        }
    ],
    "button": {"payload": "YES", "text": "Ya"},
    "reaction": {"message_id": "wamid.OTHER", "emoji": "👍"},
    "order": {
        "catalog_id": "C1",
        "text": "tolong cepat",
        "product_items": [{"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 15000, "currency": "IDR"}],
    },
    "system": {"body": "changed", "type": "user_changed_number", "wa_id": "6281234500099"},
    "unsupported": {"type": "poll_creation"},
    "request_welcome": {},
    "edit": {"original_message_id": "wamid.OTHER", "message": {"type": "text", "text": {"body": "jadi lima"}}},
    "revoke": {"original_message_id": "wamid.OTHER"},
}
INTERACTIVE: dict[str, Any] = {
    "button_reply": {"id": "yes", "title": "Ya"},
    "list_reply": {"id": "row1", "title": "Paket A", "description": "murah"},
    "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"nama": "Sari", "flow_token": "t"}'},
    "call_permission_reply": {
        "response": "accept",
        "response_source": "user_action",
        "expiration_timestamp": 1793009999,
    },
}
MORE: dict[str, Any] = {
    "an ad": {"referral": {"source_type": "ad", "source_id": "1", "source_url": "https://a.example", "headline": "Promo",
                           "body": "murah", "media_type": "image", "image_url": "https://a.example/1", "ctwa_clid": "c"}},
    "a product": {"context": {"from": "6281100", "id": "wamid.OTHER",
                              "referred_product": {"catalog_id": "C1", "product_retailer_id": "SKU-77"}}},
    "forwarded": {"context": {"forwarded": True, "frequently_forwarded": False}},
    "a group": {"group_id": "120363@g.us"},
    "unreadable": {"errors": [{"code": 131051, "title": "Message type unknown", "message": "x",
                               "error_data": {"details": "not supported"}}]},
}  # fmt: skip
STATUS = {
    "id": "wamid.SENT", "status": "delivered", "timestamp": AT, "recipient_id": "6281234500011",
    "recipient_user_id": "ID.1", "biz_opaque_callback_data": "x",
    "conversation": {"id": "c", "expiration_timestamp": AT, "origin": {"type": "service"}},
    "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"},
}  # fmt: skip
FAILED = STATUS | {
    "status": "failed",
    "errors": [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "x"}, "href": "https://a"}],
}
OF_GROUP = {"id": "wamid.SENT", "status": "read", "timestamp": AT, "recipient_id": "120363@g.us", "recipient_type": "group",
            "recipient_participant_id": "6281234500011"}  # fmt: skip


class Shape(NamedTuple):
    """A body and its headers, and the message that it is about."""

    name: str
    headers: dict[str, str]
    body: dict[str, Any]
    message: str


def messages() -> Iterator[tuple[str, dict[str, Any]]]:
    """As WhatsApp says them, with the customer named by number and by id."""
    who = {"from": "6281234500011", "from_user_id": "ID.1", "id": "wamid.SHAPE", "timestamp": AT}
    for kind, typed in TYPED.items():
        yield kind, who | {"type": kind, kind: typed}
    for kind, reply in INTERACTIVE.items():
        yield kind, who | {"type": "interactive", "interactive": {"type": kind, kind: reply}}
    for name, more in MORE.items():
        yield name, who | {"type": "text", "text": {"body": "halo"}} | more


def shapes() -> Iterator[Shape]:
    received = {"X-Webhook-Event": "whatsapp.message.received", "X-Webhook-Payload-Version": "v2"}
    for name, message in messages():
        about = "wamid.OTHER" if name in ("edit", "revoke") else "wamid.SHAPE"
        event = _of_kapso(message)
        yield Shape(f"kapso {name}", received, event, about)
        yield Shape(f"batch {name}", received | {"X-Webhook-Batch": "true"}, {"data": [event]}, about)
        contact = {"wa_id": "6281234500011", "user_id": "ID.1", "profile": {"name": "Rara", "username": "rara"}}
        yield Shape(f"meta {name}", {}, _of_meta({"contacts": [contact], "messages": [message]}), about)
    for name, status in (("status", STATUS), ("failed status", FAILED), ("status of a group", OF_GROUP)):
        yield Shape(f"meta {name}", {}, _of_meta({"statuses": [status]}), "wamid.SENT")
    sent = _of_kapso(
        {"to": "6281234500011", "id": "wamid.SENT", "timestamp": AT, "type": "text", "text": {"body": "ya"}}
    )
    sent["message"]["kapso"] = {
        "direction": "outbound",
        "status": "failed",
        "statuses": [STATUS, FAILED],
        "origin": "api",
    }
    yield Shape("kapso failed", received | {"X-Webhook-Event": "whatsapp.message.failed"}, sent, "wamid.SENT")
    echo = {"from": "6281100", "to": "6281234500011", "id": "wamid.SENT", "timestamp": AT, "type": "text"}
    yield Shape("meta echo", {}, _of_meta({"message_echoes": [echo | {"text": {"body": "ya"}}]}), "wamid.SENT")


def _of_kapso(message: dict[str, Any]) -> dict[str, Any]:
    kapso = {
        "direction": "inbound", "status": "received", "processing_status": "pending", "origin": "cloud_api",
        "has_media": True, "media_url": "https://a.example/m", "media_data": {"url": "https://a.example/m", "byte_size": 5},
        "message_type_data": {"caption": "lihat"}, "content": "Image attached", "transcript": {"text": "halo"},
        "contact_name": "Rara", "phone_number": "6281234500011", "phone_number_id": "200010002000300",
        "whatsapp_conversation_id": "3f0e6c1a-7d52-4c1e-9a55-1b7c0f2a9d01", "order_text": "cepat", "flow_response": {"a": 1},
    }  # fmt: skip
    conversation = {
        "id": "3f0e6c1a-7d52-4c1e-9a55-1b7c0f2a9d01", "contact_name": "Rara", "phone_number": "6281234500011",
        "phone_number_id": "200010002000300", "business_scoped_user_id": "ID.1", "parent_business_scoped_user_id": "ID.P1",
        "username": "@rara", "status": "active", "last_active_at": "2026-10-26T07:33:20Z", "metadata": {"a": 1},
        "created_at": "2026-10-26T07:32:20Z", "updated_at": "2026-10-26T07:33:20Z",
        "kapso": {"contact_name": "Rara", "messages_count": 3},
    }  # fmt: skip
    if message.get("group_id"):
        conversation |= {"phone_number": "6281234500011"}
    return {
        "message": message | {"kapso": kapso, "username": "@rara"}, "conversation": conversation,
        "is_new_conversation": True, "phone_number_id": "200010002000300",
    }  # fmt: skip


def _of_meta(parts: dict[str, Any]) -> dict[str, Any]:
    value = {"messaging_product": "whatsapp", "metadata": NUMBER, **parts}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "WABA", "changes": [{"field": "messages", "value": value}]}],
    }
