"""The people of the town and what happens to them: one seeded stream of events, each as Kapso would send it.

The same seed and the same clock give the same events. Every event says what must become of it: applied, ignored, dead.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tools.simulator import sarah, words
from tools.simulator.payloads import Ids, conversation_body, iso, message_body, meta_body, run_of, v1_body, v2_body
from tools.simulator.person import SimulatedPerson


class Event(NamedTuple):
    """`name` is the X-Webhook-Event (None for the Meta kind); it is due `after` seconds from its cause."""

    name: str | None
    version: str | None
    body: Any
    expect: str = "applied"
    events: int = 1
    after: float = 0.0


class Town:
    def __init__(
        self,
        seed: int,
        *,
        people: int = 300,
        clock: Callable[[], float],
        chaos: frozenset[str],
        files: str = "https://media.invalid",
    ) -> None:
        """`files` is where those of messages are to be had: /{kind}/{number} behind it."""
        self._random = random.Random(seed)
        self._clock = clock
        self._chaos = chaos
        self._files = files
        self._ids = Ids(seed, self._random)
        self.phone_number_id = str(100_000_000_000_000 + seed % 10**12)
        self._people = [self._person() for _ in range(people)]
        self.workflows = [self._ids.uuid() for _ in range(2)]

    def scenes(self) -> Iterator[list[Event]]:
        """What happens, scene by scene, without end; the events of a scene belong together."""
        actions: list[tuple[Callable[[SimulatedPerson], list[Event]], float]] = [
            (self._says, 10), (self._is_told, 10), (self._falls_silent, 0.3), (self._changes_identity, 0.1),
            (self._changes_preference, 0.1), (self._is_handed_over, 0.3), (self._emits, 0.4), (self._by_meta, 1.0),
            (self._by_v1, 0.6), (self._is_not_mirrored, 0.2),
        ]  # fmt: skip
        if "bad" in self._chaos:
            actions.append((self._is_broken, 0.2))
        if "recycle" in self._chaos:
            actions.append((self._passes_number_on, 0.05))
        act, weights = zip(*actions, strict=True)
        while True:
            (action,) = self._random.choices(act, weights)
            yield action(self._random.choice(self._people))

    # -- people

    def _person(self) -> SimulatedPerson:
        rng = self._random
        name = f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}"
        number = f"628{rng.randrange(10**9):09d}{rng.randrange(100):02d}"
        kind = rng.choices(("both", "number", "id", "two spellings"), (70, 12, 13, 5))[0]
        phone = f"55119{number[4:]}" if kind == "two spellings" else number
        wa_id = f"5511{number[4:]}" if kind == "two spellings" else number
        return SimulatedPerson(
            name=name,
            number=None if kind == "id" else wa_id,
            phone=None if kind == "id" else phone,
            bsuid=None if kind == "number" else self._bsuid(),
            parent=f"ID.ENT.{rng.randrange(10**15):015d}" if kind == "both" and rng.random() < 0.05 else None,
            username=f"{name.lower().replace(' ', '.')}{rng.randrange(100)}"
            if kind == "id" or rng.random() < 0.1
            else None,
            facts=sarah.facts(rng),
        )

    def _bsuid(self) -> str:
        return f"ID.{self._random.randrange(10**16):016d}"

    # -- what happens

    def _session(self, person: SimulatedPerson) -> list[Event]:
        """A conversation, begun if there is none."""
        now = self._clock()
        if person.conversation is not None:
            person.conversation |= {"last_active_at": now, "updated_at": now}
            return []
        person.conversation = {
            "id": self._ids.uuid(), "created_at": now, "updated_at": now, "last_active_at": now, "status": "active",
            "metadata": {}, "offset": self._random.choice((0, 0, 7, -3)),
        }  # fmt: skip
        body: dict[str, Any] = {"conversation": self._snapshot(person), "phone_number_id": self.phone_number_id}
        return [Event("whatsapp.conversation.created", "v2", body)]

    def _snapshot(self, person: SimulatedPerson) -> dict[str, Any]:
        return conversation_body(person, self.phone_number_id, sparse=self._random.random() < 0.05)

    def _says(self, person: SimulatedPerson) -> list[Event]:
        before = self._session(person)
        now = self._clock()
        typed = self._typed(person)
        message = message_body(self._ids.wamid(), now, typed, inbound=True, person=person)
        if person.sent and self._random.random() < 0.1:
            message["context"] = {"id": self._random.choice(person.sent), "from": "622130000000"}
        person.received.append(message["id"])
        del person.received[:-20]
        event = Event("whatsapp.message.received", "v2", self._v2(message, person))
        return [*before, event]

    def _v2(self, message: dict[str, Any], person: SimulatedPerson) -> dict[str, Any]:
        return v2_body(message, self._snapshot(person), self.phone_number_id)

    def _typed(self, person: SimulatedPerson) -> tuple[str, Any, dict[str, Any]]:
        """(type, the part named like it, more keys of message.kapso)."""
        rng, text = self._random, sarah.answer(person, self._random)
        number, size, blob_id = rng.randrange(10**12), rng.randrange(10**6), rng.randrange(10**15)

        def file(kind: str, part: dict[str, Any], more: dict[str, Any]) -> tuple[str, Any, dict[str, Any]]:
            url = f"{self._files}/{kind}/{number:012d}"
            media = {"has_media": True, "media_url": url, "media_data": {"url": url, "byte_size": size}}
            blob = {"id": str(blob_id), "mime_type": "image/jpeg", "link": url}
            return kind, blob | part, media | {"content": f"{kind.title()} attached URL: {url}"} | more

        spoken = rng.choice(({"text": text}, text))
        choices: list[tuple[float, tuple[str, Any, dict[str, Any]]]] = [
            (60, ("text", {"body": text}, {"content": text})),
            (5, file("image", {"caption": text}, {})),
            (4, file("audio", {"voice": True}, {"transcript": spoken})),
            (2, file("video", {}, {"message_type_data": {"caption": text}})),
            (2, file("document", {"filename": "daftar harga.pdf"}, {})),
            (2, file("sticker", {"animated": False}, {})),
            (2, ("location", {"latitude": -6.2, "longitude": 106.8, "name": "Kantor"}, {})),
            (1, ("contacts", [{"name": {"formatted_name": "Teman"}, "phones": [{"phone": "+62 811"}]}], {})),
            (3, ("interactive", {"type": "button_reply", "button_reply": {"id": "y", "title": "Ya, mau"}}, {})),
            (2, ("interactive", {"type": "list_reply", "list_reply": {"id": "2", "title": "Paket Pro"}}, {})),
            (1, ("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{}"}}, {})),
            (1, ("button", {"payload": "PROMO", "text": "Ambil promo"}, {})),
            (1, ("order", {"catalog_id": "1", "product_items": [], "text": "2 kotak ya"}, {})),
            (2, ("unsupported", {"type": "edit"}, {})),
            (1, ("request_welcome", None, {})),
        ]  # fmt: skip
        if person.sent:
            target = {"message_id": rng.choice(person.sent)}
            choices.append((5, ("reaction", {**target, "emoji": rng.choice(words.EMOJI)}, {"content": "Reacted"})))
            choices.append((2, ("reaction", target, {"content": "Removed reaction"})))
        return rng.choices([c for _, c in choices], [w for w, _ in choices])[0]

    def _is_told(self, person: SimulatedPerson) -> list[Event]:
        """An answer by Sarah, a person in the app, or a template, and what becomes of it."""
        before = self._session(person)
        rng, now, id = self._random, self._clock(), self._ids.wamid()
        text = sarah.question(person, rng)
        typed: tuple[str, Any, dict[str, Any]] = ("text", {"body": text}, {"content": text})
        if rng.random() < 0.1:
            template = {"name": "promo_akhir_tahun", "language": {"code": "id"}, "components": []}
            typed = ("template", template, {"content": "[template: promo_akhir_tahun]"})
        elif rng.random() < 0.1:
            typed = ("interactive", {"type": "button", "body": {"text": text}, "action": {"buttons": []}}, {})
        origin = "business_app" if rng.random() < 0.15 else "cloud_api"
        steps = rng.choices(
            (["sent"], ["sent", "delivered"], ["sent", "delivered", "read"], ["sent", "read"], ["sent", "failed"],
             ["failed"], ["sent", "delivered", "read", "played"]),
            (2, 3, 8, 1, 0.4, 0.4, 0.3),
        )[0]  # fmt: skip
        events: list[Event] = []
        history: list[dict[str, Any]] = []
        at, due = now, 0.0
        for step in steps:
            at += rng.choice((0, 0, 1, 2))
            due += rng.random() * 2
            status: dict[str, Any] = {"id": id, "status": step, "timestamp": str(int(at))}
            if person.number:
                status["recipient_id"] = person.number
            if step == "failed":
                status["errors"] = [{"code": 131047, "title": "Re-engagement message"}]
            history.append(status)
            if step == "played":
                continue
            message = message_body(id, at, typed, inbound=False, person=person, status=step, origin=origin)
            message["kapso"]["statuses"] = [] if rng.random() < 0.05 else [dict(one) for one in history]
            events.append(Event(f"whatsapp.message.{step}", "v2", self._v2(message, person), after=due))
        person.sent.append(id)
        del person.sent[:-20]
        return [*before, *events]

    def _falls_silent(self, person: SimulatedPerson) -> list[Event]:
        if person.conversation is None:
            return []
        now = self._clock()
        person.conversation |= {"updated_at": now}
        if self._random.random() < 0.4:
            silence = {"conversation": self._snapshot(person), "inactivity": {"minutes": 60}}
            return [Event("whatsapp.conversation.inactive", "v2", silence | {"phone_number_id": self.phone_number_id})]
        person.conversation |= {"status": "ended", "metadata": {"ended_by": "inactivity"}}
        body: dict[str, Any] = {"conversation": self._snapshot(person), "phone_number_id": self.phone_number_id}
        if self._random.random() < 0.7:
            person.conversation = None
        else:  # reopened: the same id is active again
            person.conversation |= {"status": "active", "updated_at": now + 1}
        return [Event("whatsapp.conversation.ended", "v2", body)]

    def _contact(self, person: SimulatedPerson) -> dict[str, Any]:
        now = self._clock()
        return {
            "id": self._ids.uuid(), "wa_id": person.number, "profile_name": person.name, "display_name": None,
            "business_scoped_user_id": person.bsuid, "parent_business_scoped_user_id": person.parent,
            "username": person.username, "created_at": iso(now - 1000), "updated_at": iso(now),
        }  # fmt: skip

    def _changes_identity(self, person: SimulatedPerson) -> list[Event]:
        if not person.bsuid:
            return []
        before, person.bsuid = person.bsuid, self._bsuid()
        body = {
            "contact": self._contact(person),
            "previous": {"business_scoped_user_id": before, "parent_business_scoped_user_id": None},
            "phone_number_id": self.phone_number_id,
        }
        return [Event("whatsapp.contact.identity_changed", "v2", body)]

    def _changes_preference(self, person: SimulatedPerson) -> list[Event]:
        preference = {"status": self._random.choice(("stopped", "resumed")), "sequence": self._ids.serial()}
        body = {
            "contact": self._contact(person),
            "marketing_preference": preference | {"occurred_at": iso(self._clock())},
            "phone_number_id": self.phone_number_id,
        }
        return [Event("whatsapp.contact.marketing_preference_changed", "v2", body)]

    def _is_handed_over(self, person: SimulatedPerson) -> list[Event]:
        name = self._random.choice(("workflow.execution.handoff", "workflow.execution.failed"))
        part: dict[str, Any] = {"handoff": {"reason": "asked for a person"}}
        if name.endswith("failed"):
            part = {"error": {"message": "x"}}
        another = self._ids.uuid()
        body = {
            "event": name, "occurred_at": iso(self._clock()),
            "workflow_execution_id": run_of(person.conversation["id"]) if person.conversation else another,
            "workflow_id": self._random.choice(self.workflows),
            "status": name.rpartition(".")[2], "channel": "whatsapp",
            "whatsapp_conversation_id": person.conversation["id"] if person.conversation else None, **part,
        }  # fmt: skip
        return [Event(name, "v2", body)]

    def _emits(self, person: SimulatedPerson) -> list[Event]:
        note = self._random.random() < 0.5
        body = {
            "id": self._ids.uuid(), "event": "project.event", "name": "lead.note" if note else "lead.qualified",
            "occurred_at": iso(self._clock()),
            "conversation_id": person.conversation["id"] if person.conversation else None,
            "properties": {"text": self._random.choice(words.NOTES)} if note else sarah.kept(person),
        }  # fmt: skip
        return [Event("project.event", "v2", body)]

    def _by_meta(self, person: SimulatedPerson) -> list[Event]:
        """The forwarded Meta kind; one body, several facts."""
        now = self._clock()
        body, facts = meta_body(self._ids.wamid, now, person, self.phone_number_id, sarah.answer(person, self._random))
        return [Event(None, None, body, events=facts)]

    def _by_v1(self, person: SimulatedPerson) -> list[Event]:
        if not person.phone:
            return []
        before = self._session(person)
        assert person.conversation is not None
        body = v1_body(
            self._ids.wamid(),
            self._clock(),
            person,
            self.phone_number_id,
            sarah.answer(person, self._random),
            self._ids.uuid(),
        )
        return [*before, Event("whatsapp.message.received", "v1", body)]

    def _is_not_mirrored(self, person: SimulatedPerson) -> list[Event]:
        if person.conversation is None or self._random.random() < 0.5:
            body = {"thing": {"id": self._ids.uuid()}}
            return [Event("whatsapp.something.new", "v2", body, expect="ignored")]
        message = message_body(self._ids.wamid(), self._clock(), self._typed(person), inbound=True, person=person)
        message["kapso"]["origin"] = "history_sync"
        return [Event("whatsapp.message.received", "v2", self._v2(message, person), expect="ignored")]

    def _passes_number_on(self, person: SimulatedPerson) -> list[Event]:
        """The phone company gives a number to somebody else."""
        if not (person.bsuid and person.number):
            return []
        heir = self._random.choice([other for other in self._people if other is not person and other.bsuid])
        heir.number, heir.phone, heir.conversation = person.number, person.phone, None
        person.number = person.phone = None
        person.conversation = None
        return self._says(heir)

    def _is_broken(self, person: SimulatedPerson) -> list[Event]:
        message = message_body(self._ids.wamid(), self._clock(), self._typed(person), inbound=True, person=person)
        body = self._v2(message, person) if person.conversation else {"message": message}
        match self._random.randrange(5):
            case 0:
                return [Event("whatsapp.message.received", "v2", "{not json", expect="dead")]
            case 1:
                del message["id"]
            case 2:
                message["timestamp"] = "yesterday"
            case 3:
                return [Event("whatsapp.message.read", "v2", body, expect="dead")]
            case 4:
                return [Event("whatsapp.conversation.ended", "v2", body, expect="dead")]
        return [Event("whatsapp.message.received", "v2", body, expect="dead")]
