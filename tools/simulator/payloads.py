"""Bodies as Kapso and Meta write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from tools.simulator.person import SimulatedPerson


class Ids:
    """Ids of one simulation: the same seed and random source give the same ids."""

    def __init__(self, seed: int, rng: Random) -> None:
        self._random = rng
        self._serial = 0
        self._tag = f"{seed & 0xFFFFFFFF:08X}"

    def serial(self) -> int:
        """Return 1, 2, 3 …"""
        self._serial += 1
        return self._serial

    def wamid(self) -> str:
        """Return the WhatsApp id of a new message."""
        return f"wamid.{self._tag}{self.serial():010d}{self._random.randrange(10**6):06d}"

    def uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def iso(at: float, offset_hours: int = 0) -> str:
    """Whole seconds; Z or an offset, both occur."""
    moment = datetime.fromtimestamp(int(at), UTC)
    if offset_hours == 0:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(timezone(timedelta(hours=offset_hours))).isoformat()


def run_of(conversation_id: str) -> str:
    """The id of the bot's run in a conversation."""
    return str(uuid5(NAMESPACE_URL, f"run:{conversation_id}"))


def conversation_body(person: SimulatedPerson, phone_number_id: str, *, sparse: bool) -> dict[str, Any]:
    """A snapshot; a sparse one has few of its keys, as real ones sometimes do."""
    session = person.conversation
    if session is None:
        raise ValueError("no conversation to describe")
    body: dict[str, Any] = {
        "id": session["id"],
        "phone_number": person.phone,
        "business_scoped_user_id": person.bsuid,
        "status": session["status"],
        "updated_at": iso(session["updated_at"], session["offset"]),
    }
    if sparse:
        return body
    return body | {
        "contact_name": person.name,
        "parent_business_scoped_user_id": person.parent,
        "username": person.username,
        "created_at": iso(session["created_at"], session["offset"]),
        "last_active_at": iso(session["last_active_at"], session["offset"]),
        "metadata": dict(session["metadata"]),
        "phone_number_id": phone_number_id,
    }


def message_body(
    id: str,
    at: float,
    typed: tuple[str, Any, dict[str, Any]],
    *,
    inbound: bool,
    person: SimulatedPerson,
    status: str = "received",
    origin: str = "cloud_api",
) -> dict[str, Any]:
    kind, part, more = typed
    body: dict[str, Any] = {"id": id, "timestamp": str(int(at)), "type": kind, "context": None}
    side = "from" if inbound else "to"
    for key, value in (
        (side, person.number),
        (f"{side}_user_id", person.bsuid),
        (f"{side}_parent_user_id", person.parent),
    ):
        if value is not None:
            body[key] = value
    if inbound:
        body["username"] = person.username
    if part is not None:
        body[kind] = part
    if kind == "unsupported":
        body["errors"] = [{"code": 131051, "title": "Message type is not supported"}]
    body["kapso"] = {
        "direction": "inbound" if inbound else "outbound",
        "status": status,
        "processing_status": "pending" if inbound else "completed",
        "origin": origin,
        "has_media": False,
        **more,
    }
    return body


def v2_body(message: dict[str, Any], conversation: dict[str, Any], phone_number_id: str) -> dict[str, Any]:
    return {
        "message": message,
        "conversation": conversation,
        "is_new_conversation": False,
        "phone_number_id": phone_number_id,
    }


def meta_body(
    new_id: Callable[[], str], at: float, person: SimulatedPerson, phone_number_id: str, text: str
) -> tuple[dict[str, Any], int]:
    """An inbound message, an echo and two statuses of it, in two entries. Returns the body and its number of facts."""
    contact: dict[str, Any] = {"profile": {"name": person.name}}
    sender: dict[str, Any] = {}
    to: dict[str, Any] = {"from": "622130000000"}
    recipient: dict[str, Any] = {}
    if person.username:
        contact["profile"]["username"] = person.username
    if person.number:
        contact["wa_id"] = sender["from"] = to["to"] = recipient["recipient_id"] = person.number
    if person.bsuid:
        contact["user_id"] = sender["from_user_id"] = to["to_user_id"] = recipient["recipient_user_id"] = person.bsuid
    seconds, echo = str(int(at)), new_id()
    metadata = {"display_phone_number": "622130000000", "phone_number_id": phone_number_id}
    message = {**sender, "id": new_id(), "timestamp": seconds, "type": "text", "text": {"body": text}}
    echoed = {**to, "id": echo, "timestamp": seconds, "type": "text", "text": {"body": "siap kak, saya cek dulu"}}
    statuses = [
        {"id": echo, "status": "delivered", "timestamp": str(int(at) + 2), **recipient},
        {"id": echo, "status": "read", "timestamp": str(int(at) + 1), **recipient},
    ]

    def entry(field: str, **value: Any) -> dict[str, Any]:
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        return {"id": "109990008887776", "changes": [{"field": field, "value": value}]}

    entries = [
        entry("messages", contacts=[contact], messages=[message], statuses=statuses),
        entry("smb_message_echoes", message_echoes=[echoed]),
    ]
    return {"object": "whatsapp_business_account", "entry": entries}, 4


def v1_body(
    wamid: str, at: float, person: SimulatedPerson, phone_number_id: str, text: str, kapso_id: str
) -> dict[str, Any]:
    session = person.conversation
    if session is None:
        raise ValueError("no conversation to describe")
    return {
        "message": {
            "id": kapso_id, "whatsapp_message_id": wamid, "message_type": "text", "content": text,
            "direction": "inbound", "status": "received", "phone_number": f"+{person.phone}", "origin": "cloud_api",
            "created_at": iso(at),
        },
        "conversation": {
            "id": session["id"], "phone_number": f"+{person.phone}", "status": session["status"],
            "last_active_at": iso(session["last_active_at"]), "created_at": iso(session["created_at"]),
            "updated_at": iso(session["updated_at"]),
        },
        "is_new_conversation": False,
        "whatsapp_config": {
            "name": "Toko Sarah", "phone_number_id": phone_number_id, "display_phone_number": "+62 21-3000-0000",
        },
    }  # fmt: skip
