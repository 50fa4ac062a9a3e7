"""What the simulated Kapso knows and answers over REST: learnt from every event, whatever became of its delivery."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tools.simulator.payloads import iso, run_of
from tools.simulator.town import Event

STEPS = ("sent", "failed", "delivered", "read")


class World:
    """Messages, conversations, contacts, bot runs and project events by id, as the API shows them at any time."""

    def __init__(
        self, phone_number_id: str, clock: Callable[[], float] = time.time, *, workflow: str | None = None
    ) -> None:
        """With a `workflow`, the bot begins a run of it in each conversation, which is listed and not pushed."""
        self.phone_number_id = phone_number_id
        self._workflow = workflow
        self._clock = clock
        self._messages: dict[str, dict[str, Any]] = {}
        self._statuses: dict[str, dict[str, dict[str, Any]]] = {}
        self.conversations: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.executions: dict[str, dict[str, Any]] = {}

    def learn(self, event: Event) -> None:
        if event.expect != "applied":
            return
        if event.name is None:
            self._learn_meta(event.body)
        elif event.version == "v1":
            self._learn_v1(event.body)
        elif event.name.startswith("whatsapp.message."):
            self._learn_message(event.body, event.name.rpartition(".")[2])
        elif event.name.startswith("whatsapp.conversation."):
            session = event.body["conversation"]
            self._learn_session(session)
        elif event.name.startswith("whatsapp.contact."):
            contact = event.body["contact"]
            self.contacts[contact["id"]] = contact
        elif event.name.startswith("workflow.execution."):
            self._learn_execution(event.body)
        elif event.name == "project.event":
            self.events[event.body["id"]] = event.body

    def message(self, id: str) -> dict[str, Any]:
        """With the statuses that have come by now."""
        message, now = self._messages[id], self._clock()
        if message["kapso"]["direction"] == "inbound":
            return message
        history = [one for one in self._statuses[id].values() if int(one["timestamp"]) <= now]
        history.sort(key=lambda one: (int(one["timestamp"]), STEPS.index(one["status"])))
        furthest = max((STEPS.index(one["status"]) for one in history), default=None)
        status = "pending" if furthest is None else STEPS[furthest]
        return message | {"kapso": message["kapso"] | {"status": status, "statuses": history}}

    def freeze(self) -> None:
        """Nothing happens any more: statuses that lie ahead do not come."""
        at = self._clock()
        self._clock = lambda: at

    def messages(self, since: float, until: float) -> list[dict[str, Any]]:
        """Made within the window, newest first."""
        chosen = [
            (int(message["timestamp"]), id)
            for id, message in self._messages.items()
            if since <= int(message["timestamp"]) <= min(until, self._clock())
        ]
        return [self.message(id) for _, id in sorted(chosen, reverse=True)]

    def all_messages(self) -> Iterator[dict[str, Any]]:
        """Those that were made by now."""
        for id, message in self._messages.items():
            if int(message["timestamp"]) <= self._clock():
                yield self.message(id)

    def forget_contact(self, id: str) -> None:
        del self.contacts[id]

    def _learn_message(self, body: dict[str, Any], verb: str) -> None:
        message, session = body["message"], body["conversation"]
        self._learn_session(session)
        about = {"whatsapp_conversation_id": session["id"], "phone_number": session.get("phone_number")}
        about |= {"phone_number_id": self.phone_number_id}
        if session.get("contact_name"):
            about["contact_name"] = session["contact_name"]
        known = self._messages.setdefault(message["id"], message | {"kapso": message["kapso"] | about})
        if known["kapso"]["direction"] == "outbound":
            self._status(message["id"], verb, message["timestamp"])
            for status in message["kapso"].get("statuses", []):
                if status["status"] in STEPS:
                    self._statuses[message["id"]][status["status"]] = status
        self._meet(session, int(message["timestamp"]))

    def _learn_session(self, session: dict[str, Any]) -> None:
        id = session["id"]
        if self._workflow and id not in self.conversations:
            at = session.get("created_at") or iso(self._clock())
            self.executions.setdefault(run_of(id), {
                "id": run_of(id), "workflow_id": self._workflow, "status": "running", "created_at": at,
                "updated_at": at, "whatsapp_conversation_id": id,
            })  # fmt: skip
        self.conversations[id] = _newer(self.conversations.get(id), session)

    def _learn_execution(self, body: dict[str, Any]) -> None:
        id, at = body["workflow_execution_id"], body["occurred_at"]
        begun = self.executions.get(id, {}).get("created_at", at)
        self.executions[id] = {
            "id": id, "workflow_id": body["workflow_id"], "status": body["status"], "created_at": begun,
            "updated_at": at, "whatsapp_conversation_id": body["whatsapp_conversation_id"],
        }  # fmt: skip

    def _learn_v1(self, body: dict[str, Any]) -> None:
        message, session = body["message"], body["conversation"]
        self._learn_session(session)
        number = message["phone_number"].lstrip("+")
        seconds = str(_unix(message["created_at"]))
        kapso = {"direction": message["direction"], "status": message["status"], "origin": message["origin"]}
        kapso |= {"whatsapp_conversation_id": session["id"], "phone_number": number}
        self._messages[message["whatsapp_message_id"]] = {
            "id": message["whatsapp_message_id"], "timestamp": seconds, "type": "text",
            "text": {"body": message["content"]},
            "kapso": kapso | {"phone_number_id": self.phone_number_id},
        }  # fmt: skip

    def _learn_meta(self, body: dict[str, Any]) -> None:
        for value in (change["value"] for entry in body["entry"] for change in entry["changes"]):
            for message in value.get("messages", []):
                self._add_meta(message, "inbound", "cloud_api")
            for echo in value.get("message_echoes", []):
                self._add_meta({key: part for key, part in echo.items() if key != "from"}, "outbound", "business_app")
                self._status(echo["id"], "sent", echo["timestamp"])
            for status in value.get("statuses", []):
                self._status(status["id"], status["status"], status["timestamp"])

    def _add_meta(self, message: dict[str, Any], direction: str, origin: str) -> None:
        kapso = {"direction": direction, "phone_number_id": self.phone_number_id}
        if direction == "outbound":
            kapso["origin"] = origin
        self._messages[message["id"]] = message | {"kapso": kapso}

    def _status(self, id: str, status: str, timestamp: str) -> None:
        if status in STEPS:
            known = self._statuses.setdefault(id, {}).get(status)
            if known is None or int(timestamp) < int(known["timestamp"]):
                self._statuses[id][status] = {"id": id, "status": status, "timestamp": timestamp}

    def _meet(self, session: dict[str, Any], at: int) -> None:
        """A contact of Kapso's for whoever writes; the same person has the same id."""
        bsuid, phone = session.get("business_scoped_user_id"), session.get("phone_number")
        id = str(uuid5(NAMESPACE_URL, str(bsuid or phone)))
        if id not in self.contacts and session.get("contact_name"):
            self.contacts[id] = {
                "id": id, "wa_id": None, "business_scoped_user_id": bsuid, "profile_name": session["contact_name"],
                "display_name": None, "parent_business_scoped_user_id": None, "username": None,
                "created_at": iso(at), "updated_at": iso(at),
            }  # fmt: skip


def _newer(known: dict[str, Any] | None, session: dict[str, Any]) -> dict[str, Any]:
    """Later words on a conversation, with what a sparse one leaves out."""
    if known is None:
        return session
    older, newer = (session, known) if _unix(session["updated_at"]) < _unix(known["updated_at"]) else (known, session)
    return older | newer


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
