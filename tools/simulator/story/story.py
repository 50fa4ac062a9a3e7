"""The story as Kapso events: eight weeks at once, then a message every few seconds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from random import Random
from typing import Any, NamedTuple

from tools.simulator.payloads import Ids, conversation_body, message_body, v2_body
from tools.simulator.person import SimulatedPerson
from tools.simulator.story import script
from tools.simulator.story.people import Player, players, recalled
from tools.simulator.story.script import Arc, ScriptLine
from tools.simulator.town import Event

WEEKS = 8
DAY = 86_400.0
# (shortest, longest) pause before a line in seconds, for each author.
PAUSES = {"customer": (25, 200), "bot": (4, 12), "seller": (180, 1500)}
SHOP_DAY = (8, 21)
"""Hours of the day in Jakarta in which chats begin."""
JAKARTA_SECONDS = 7 * 3600
GREETINGS = ((4, "malam"), (11, "pagi"), (15, "siang"), (18, "sore"), (24, "malam"))
"""(hour in Jakarta, greeting until then)."""
# Chats that go on at the same time after the eight weeks.
LIVE = 6
# Share of new live chats that are with people of the eight weeks.
AGAIN = 0.85


class Action(NamedTuple):
    """A status or a note that the team gave a lead. `at` is in seconds since 1970."""

    at: float
    kind: str
    text: str


class StoryChat(NamedTuple):
    """A finished chat and what the team did with its lead."""

    arc: Arc
    player: Player
    began_at: float
    actions: list[Action]


def _greeting(at: float) -> str:
    hour = int((at + JAKARTA_SECONDS) % DAY // 3600)
    return next(word for until, word in GREETINGS if hour < until)


def outcome(chat: StoryChat) -> dict[str, Any]:
    """Return what `python -m tools team` and `Story.recall` need of this chat, as JSON values."""
    person = chat.player.person
    return {
        "phone": person.phone, "name": chat.player.facts["name"], "began_at": chat.began_at, "arc": chat.arc.name,
        "facts": dict(chat.player.facts), "bsuid": person.bsuid, "shown_name": person.name,
        "seller": chat.player.seller, "actions": [one._asdict() for one in chat.actions], **chat.arc.details,
    }  # fmt: skip


class Story:
    """Has the interface of Town. Call `history` or `recall` once before `scenes`: its people come back."""

    def __init__(self, seed: int, *, clock: Callable[[], float], files: str = "https://media.invalid") -> None:
        self._random = Random(f"story {seed}")
        self._clock = clock
        self._files = files
        self._ids = Ids(seed, self._random)
        self.phone_number_id = str(100_000_000_000_000 + seed % 10**12)
        self.workflows = [self._ids.uuid()]
        self._cast = script.cast()
        self._arcs = script.arcs()
        self._later = script.later()
        self._met: list[tuple[Arc, Player]] = []

    # -- eight weeks

    def history(self) -> tuple[list[Event], list[StoryChat]]:
        """Return all events up to now, the oldest first, and all chats."""
        timed: list[tuple[float, Event]] = []
        chats: list[StoryChat] = []
        for arc in self._arcs:
            people = players(self._cast, arc, self._random)
            for _ in range(arc.people):
                chat, events = self._play(arc, next(people))
                chats.append(chat)
                timed += events
        self._met = [(chat.arc, chat.player) for chat in chats]
        return [event for _, event in sorted(timed, key=lambda one: one[0])], chats

    def recall(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Remember the people of an earlier run, from the outcomes of its chats."""
        arcs = {arc.name: arc for arc in self._arcs}
        self._met = [(arcs[one["arc"]], recalled(one)) for one in outcomes if one.get("arc") in arcs]

    def _play(self, arc: Arc, player: Player) -> tuple[StoryChat, list[tuple[float, Event]]]:
        offsets = self._offsets(arc)
        begin = self._begin(arc, offsets[-1])
        actions: list[Action] = []
        timed: list[tuple[float, Event]] = []
        for line, offset in zip(arc.lines, offsets, strict=True):
            at = begin + offset
            if line.kind in ("status", "note"):
                actions.append(Action(at, line.kind, line.text))
            elif line.kind != "pause":
                timed += [(event_at, event) for event_at, event in self._events(line, player, arc, at)]
        return StoryChat(arc, player, begin, actions), timed

    def _offsets(self, arc: Arc) -> list[float]:
        """Return for each line the seconds since the chat began."""
        at, found = 0.0, []
        for place, line in enumerate(arc.lines):
            if line.kind == "pause":
                at += script.seconds(line.text)
            elif place and line.kind in PAUSES:
                at += self._random.uniform(*PAUSES[line.kind])
            found.append(at)
        return found

    def _begin(self, arc: Arc, length: float) -> float:
        """Return when the chat began: as the arc says, or in the daytime of a random day, recent days more often."""
        now, rng = self._clock(), self._random
        if arc.ends is not None:
            return now - arc.ends * rng.uniform(0.9, 1.1) - length
        back = WEEKS * 7 * DAY * (1 - rng.random() ** 0.9)
        at = now - max(back, length + DAY / 2)
        midnight = (at + JAKARTA_SECONDS) // DAY * DAY - JAKARTA_SECONDS
        begin: float = min(midnight + rng.uniform(*SHOP_DAY) * 3600, now - length - DAY / 4)
        return begin

    # -- now

    def scenes(self) -> Iterator[list[Event]]:
        """Yield the events of one line at a time, without end, from LIVE chats in random turns."""
        live = [self._enter() for _ in range(LIVE)]
        while True:
            place = self._random.randrange(LIVE)
            (arc, player), lines = live[place]
            line = next(lines, None)
            if line is None:
                live[place] = self._enter()
            else:
                yield [event for _, event in self._events(line, player, arc, self._clock())]

    def _enter(self) -> tuple[tuple[Arc, Player], Iterator[ScriptLine]]:
        """Choose the next chat. One with a new person ends before the first pause or answer of a seller."""
        if self._met and self._random.random() < AGAIN:
            return self._random.choice(self._met), iter(self._random.choice(self._later))
        arc = self._random.choice(self._arcs)
        lines = takewhile(lambda line: line.kind in ("customer", "bot", "status"), arc.lines)
        said = [line for line in lines if line.kind != "status"]
        return (arc, next(players(self._cast, arc, self._random))), iter(said)

    # -- lines as events

    def _events(self, line: ScriptLine, player: Player, arc: Arc, at: float) -> list[tuple[float, Event]]:
        person, inbound = player.person, line.kind == "customer"
        begun = self._session(person, at)
        text = script.filled(line.text, {**player.facts, "salam": _greeting(at)}, self._random)
        typed = self._typed(line, text)
        if inbound:
            message = message_body(self._ids.wamid(), at, typed, inbound=True, person=person)
            if begun and (headline := arc.details.get("source")):
                message["referral"] = {"source_type": "ad", "source_id": "1200", "headline": headline}
            person.received.append(message["id"])
            return [*begun, (at, self._message("received", message, person))]
        return [*begun, *self._sent(typed, person, at, by_seller=line.kind == "seller")]

    def _sent(
        self, typed: tuple[str, Any, dict[str, Any]], person: SimulatedPerson, at: float, *, by_seller: bool
    ) -> list[tuple[float, Event]]:
        """Return the statuses of an outbound message as events: sent, delivered and, in four of five, read."""
        id, statuses = self._ids.wamid(), list[dict[str, Any]]()
        found = []
        for step, later in (("sent", 0.0), ("delivered", 1.0), ("read", 4.0)):
            if step == "read" and self._random.random() < 0.2:
                break
            statuses.append(
                {"id": id, "status": step, "timestamp": str(int(at + later)), "recipient_id": person.number}
            )
            message = message_body(id, at, typed, inbound=False, person=person, status=step,
                                   origin="business_app" if by_seller else "cloud_api")  # fmt: skip
            message["kapso"]["statuses"] = [dict(one) for one in statuses]
            found.append((at + later, self._message(step, message, person, after=later)))
        person.sent.append(id)
        return found

    def _typed(self, line: ScriptLine, text: str) -> tuple[str, Any, dict[str, Any]]:
        """Return (type, content under the key of the type, more keys of message.kapso)."""
        if line.media is None:
            return "text", {"body": text}, {"content": text}
        kind, suffix, mime = {
            "shop": ("image", "shop", "image/png"), "receipt": ("image", "receipt", "image/png"),
            "voice": ("audio", "audio", "audio/wav"), "file": ("document", "document", "text/plain"),
        }[line.media]  # fmt: skip
        number = self._random.randrange(10**12)
        url = f"{self._files}/{suffix}/{number:012d}"
        part: dict[str, Any] = {"id": str(number), "mime_type": mime, "link": url}
        more: dict[str, Any] = {"has_media": True, "media_url": url, "media_data": {"url": url, "byte_size": 20_000},
                                "content": f"{kind.title()} attached URL: {url}"}  # fmt: skip
        if kind == "audio":
            return kind, part | {"voice": True}, more | {"transcript": {"text": text}}
        if kind == "document":
            return kind, part | {"filename": "Penawaran LapakRapi.txt", "caption": text}, more
        return kind, part | ({"caption": text} if text else {}), more

    def _session(self, person: SimulatedPerson, at: float) -> list[tuple[float, Event]]:
        """Open a conversation if there is none or the last message is a day old. Returns its event."""
        talk = person.conversation
        if talk is not None and at - talk["last_active_at"] < DAY:
            talk |= {"last_active_at": at, "updated_at": at}
            return []
        person.conversation = {
            "id": self._ids.uuid(), "created_at": at, "updated_at": at, "last_active_at": at, "status": "active",
            "metadata": {}, "offset": 7,
        }  # fmt: skip
        body: dict[str, Any] = {"conversation": self._snapshot(person), "phone_number_id": self.phone_number_id}
        return [(at, Event("whatsapp.conversation.created", "v2", body))]

    def _message(self, step: str, message: dict[str, Any], person: SimulatedPerson, after: float = 0.0) -> Event:
        body = v2_body(message, self._snapshot(person), self.phone_number_id)
        return Event(f"whatsapp.message.{step}", "v2", body, after=after)

    def _snapshot(self, person: SimulatedPerson) -> dict[str, Any]:
        return conversation_body(person, self.phone_number_id, sparse=False)
