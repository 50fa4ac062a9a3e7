"""From a ledger's bodies to plain observations: who was named when, what was said of which message and conversation."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tools.simulator.ledger import LedgerLine

WORDLESS = {"location", "contacts", "sticker", "reaction", "template", "unsupported", "system", "request_welcome"}


class Naming(NamedTuple):
    """The names that one event gave a person."""

    at: datetime
    wa_id: str | None
    phone: str | None
    bsuid: str | None
    parent: str | None
    name: str | None
    username: str | None

    @property
    def key(self) -> str | None:
        number = self.wa_id or self.phone
        return self.bsuid or self.parent or (f"+{number}" if number else None)


@dataclass
class Observations:
    namings: list[Naming] = field(default_factory=list)
    previous: list[tuple[str, str]] = field(default_factory=list)
    """(new id, the id that it replaced)"""
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    conversations: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    numbers: set[str] = field(default_factory=set)
    heard: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When deliveries with something of that message were received, as far as that is known."""


def observe(lines: Iterable[LedgerLine], received: Mapping[str, datetime] | None = None) -> Observations:
    """`received` says when deliveries were received, by key."""
    seen = Observations()
    for line in lines:
        if line.expect != "applied":
            continue
        one = Observations()
        _look(one, line)
        seen.namings += one.namings
        seen.previous += one.previous
        seen.numbers |= one.numbers
        for id, session in one.conversations.items():
            seen.conversations[id] += session
        for id, facts in one.messages.items():
            seen.messages[id] += facts
            if at := (received or {}).get(line.key):
                seen.heard[id].append(at)
    return seen


def _look(seen: Observations, line: LedgerLine) -> None:
    body = json.loads(line.body)
    if line.event == "api.message":
        _listed(seen, body)
        return
    if line.event is None:
        _meta(seen, body)
        return
    for part in body["data"] if body.get("batch") else [body]:
        if line.version == "v1":
            _v1(seen, part)
        elif line.event.startswith("whatsapp.message."):
            _message(seen, part, line.event.rpartition(".")[2])
        elif line.event.startswith("whatsapp.conversation."):
            _conversation(seen, part["conversation"], line.event.rpartition(".")[2])
        elif line.event.startswith("whatsapp.contact."):
            _contact(seen, part)


def moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if str(value).isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    return datetime.fromisoformat(value).astimezone(UTC)


def _message(seen: Observations, part: dict[str, Any], verb: str) -> None:
    message, session = part["message"], part["conversation"]
    kapso, inbound = message["kapso"], part["message"]["kapso"]["direction"] == "inbound"
    side = "from" if inbound else "to"
    at = moment(message["timestamp"])
    assert at is not None
    naming = Naming(
        at,
        message.get(side),
        session.get("phone_number"),
        message.get(f"{side}_user_id") or session.get("business_scoped_user_id"),
        message.get(f"{side}_parent_user_id") or session.get("parent_business_scoped_user_id"),
        session.get("contact_name"),
        (message.get("username") if inbound else None) or session.get("username"),
    )
    seen.namings.append(naming)
    _session(seen, session, naming)
    kind = message["type"]
    typed = message.get(kind)
    history = [] if inbound else [{"status": verb, "timestamp": message["timestamp"]}, *kapso.get("statuses", [])]
    transcript = kapso.get("transcript")
    seen.messages[message["id"]].append(
        {
            "at": at,
            "key": naming.key,
            "conversation_id": session["id"],
            "direction": kapso["direction"],
            "type": kind,
            "content": typed,
            "text": _words(kind, typed, kapso),
            "media_url": kapso.get("media_url"),
            "transcript": transcript["text"] if isinstance(transcript, dict) else transcript,
            "reply_to_id": (message.get("context") or {}).get("id"),
            "origin": kapso.get("origin"),
            "history": history,
            "errors": message.get("errors"),
        }
    )
    seen.numbers.add(part["phone_number_id"])


def _words(kind: str, typed: Any, kapso: dict[str, Any]) -> str | None:
    if kind in WORDLESS or not isinstance(typed, dict):
        return None
    if kind == "interactive":
        part: dict[str, Any] = next(
            typed[key] for key in ("button_reply", "list_reply", "nfm_reply", "body") if key in typed
        )
        return next((part[word] for word in ("title", "body", "text") if word in part), None)
    caption = (kapso.get("message_type_data") or {}).get("caption")
    found: str | None = typed.get("body") or typed.get("text") or typed.get("caption") or caption
    return found


def _session(seen: Observations, session: dict[str, Any], naming: Naming, verb: str | None = None) -> None:
    seen.conversations[session["id"]].append(
        {
            "key": naming.key,
            "at": moment(session["updated_at"]),
            "status": "ended" if verb == "ended" else session["status"],
            "created_at": moment(session.get("created_at")),
            "last_active_at": moment(session.get("last_active_at")),
            "metadata": session.get("metadata"),
        }
    )


def _conversation(seen: Observations, session: dict[str, Any], verb: str) -> None:
    at = moment(session["updated_at"])
    assert at is not None
    naming = Naming(
        at,
        None,
        (session.get("phone_number") or "").lstrip("+") or None,
        session.get("business_scoped_user_id"),
        session.get("parent_business_scoped_user_id"),
        session.get("contact_name"),
        session.get("username"),
    )
    seen.namings.append(naming)
    _session(seen, session, naming, verb)


def _contact(seen: Observations, part: dict[str, Any]) -> None:
    contact = part["contact"]
    at = moment(contact["updated_at"])
    assert at is not None
    bsuid, parent = contact["business_scoped_user_id"], contact["parent_business_scoped_user_id"]
    name = contact["display_name"] or contact["profile_name"]
    seen.namings.append(Naming(at, contact["wa_id"], None, bsuid, parent, name, contact["username"]))
    if old := (part.get("previous") or {}).get("business_scoped_user_id"):
        seen.previous.append((bsuid, old))


def _listed(seen: Observations, message: dict[str, Any]) -> None:
    """As the API shows it: all statuses that it ever had, and no snapshot of the conversation."""
    kapso, inbound = message["kapso"], message["kapso"]["direction"] == "inbound"
    side, at, kind = "from" if inbound else "to", moment(message["timestamp"]), message["type"]
    assert at is not None
    naming = Naming(
        at,
        message.get(side),
        (kapso.get("phone_number") or "").lstrip("+") or None,
        message.get(f"{side}_user_id"),
        message.get(f"{side}_parent_user_id"),
        kapso.get("contact_name"),
        message.get("username") if inbound else None,
    )
    seen.namings.append(naming)
    session = kapso.get("whatsapp_conversation_id")
    if session:
        nothing = dict.fromkeys(("at", "status", "created_at", "last_active_at", "metadata"))
        seen.conversations[session].append({"key": naming.key, **nothing})
    history = [] if inbound else list(kapso["statuses"])
    steps = {one["status"] for one in history}
    if not inbound and "sent" not in steps and kapso["status"] not in ("pending", "failed"):
        history.append({"status": "sent", "timestamp": message["timestamp"]})
    transcript, typed = kapso.get("transcript"), message.get(kind)
    seen.messages[message["id"]].append(
        {
            "at": at, "key": naming.key, "conversation_id": session, "direction": kapso["direction"], "type": kind,
            "content": typed, "text": kapso["content"] if kind == "template" else _words(kind, typed, kapso),
            "media_url": kapso.get("media_url"),
            "transcript": transcript["text"] if isinstance(transcript, dict) else transcript,
            "reply_to_id": (message.get("context") or {}).get("id"), "origin": kapso.get("origin"),
            "history": history, "errors": message.get("errors"),
        }
    )  # fmt: skip
    seen.numbers.add(kapso["phone_number_id"])


def _v1(seen: Observations, part: dict[str, Any]) -> None:
    message, session = part["message"], part["conversation"]
    at = moment(message["created_at"])
    assert at is not None
    naming = Naming(at, None, message["phone_number"].lstrip("+"), None, None, None, None)
    seen.namings.append(naming)
    _session(seen, session, naming)
    seen.messages[message["whatsapp_message_id"]].append(
        {
            "at": at, "key": naming.key, "conversation_id": session["id"], "direction": message["direction"],
            "type": message["message_type"], "content": None, "text": message["content"], "origin": message["origin"],
        }
    )  # fmt: skip


def _meta(seen: Observations, body: dict[str, Any]) -> None:
    for value in (change["value"] for entry in body["entry"] for change in entry["changes"]):
        profile = (value.get("contacts") or [{}])[0].get("profile", {})
        for message in value.get("messages", []):
            at = moment(message["timestamp"])
            assert at is not None
            who = (message.get("from"), None, message.get("from_user_id"), None)
            naming = Naming(at, *who, profile.get("name"), profile.get("username"))
            _meta_message(seen, message, naming, "inbound", None)
        for message in value.get("message_echoes", []):
            at = moment(message["timestamp"])
            assert at is not None
            naming = Naming(at, message.get("to"), None, message.get("to_user_id"), None, None, None)
            _meta_message(seen, message, naming, "outbound", "business_app")
        for status in value.get("statuses", []):
            at = moment(status["timestamp"])
            assert at is not None
            who = (status.get("recipient_id"), None, status.get("recipient_user_id"), None)
            naming = Naming(at, *who, profile.get("name"), profile.get("username"))
            seen.namings.append(naming)
            seen.messages[status["id"]].append({"key": naming.key, "direction": "outbound", "history": [status]})


def _meta_message(
    seen: Observations, message: dict[str, Any], naming: Naming, direction: str, origin: str | None
) -> None:
    seen.namings.append(naming)
    sent = [{"status": "sent", "timestamp": message["timestamp"]}] if direction == "outbound" else []
    seen.messages[message["id"]].append(
        {
            "at": naming.at, "key": naming.key, "direction": direction, "type": message["type"],
            "content": message[message["type"]], "text": message["text"]["body"], "origin": origin, "history": sent,
        }
    )  # fmt: skip
