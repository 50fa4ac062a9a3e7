"""The story as events of Kapso: eight weeks of it at once, then a message every few seconds."""

from collections.abc import Callable, Iterator
from itertools import takewhile
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from tools.simulator.payloads import conversation_body, message_body
from tools.simulator.person import SimulatedPerson
from tools.simulator.story import script
from tools.simulator.story.people import Player, players
from tools.simulator.story.script import Arc, ScriptLine
from tools.simulator.town import Event

WEEKS = 8
DAY = 86_400.0
# Seconds before a line: the bot is quick, people are not.
PAUSES = {"customer": (25, 200), "bot": (4, 12), "seller": (180, 1500)}
SHOP_DAY = (8, 21)
"""Hours of the day, Jakarta, in which chats begin."""
JAKARTA_SECONDS = 7 * 3600
GREETINGS = ((4, "malam"), (11, "pagi"), (15, "siang"), (18, "sore"), (24, "malam"))
"""Until which hour of Jakarta people greet so."""
# At once on stage; each takes a new arc when theirs is over.
LIVE = 6
# Of those who come on stage, so many are known.
AGAIN = 0.85


class Deed(NamedTuple):
    """What the team did with a lead: its status, a note. `at` is in seconds since 1970."""

    at: float
    kind: str
    text: str


class Played(NamedTuple):
    """A chat that was had: who, the moments of it, and what the team did. The opening of the demo reads it."""

    arc: Arc
    player: Player
    began_at: float
    deeds: list[Deed]


def _greeting(at: float) -> str:
    """As people in Jakarta greet at that hour."""
    hour = int((at + JAKARTA_SECONDS) % DAY // 3600)
    return next(
        word for until, word in ((4, "malam"), (11, "pagi"), (15, "siang"), (18, "sore"), (24, "malam")) if hour < until
    )


def outcome(played: Played) -> dict[str, Any]:
    """As plain values: whose lead it is, by number, and what the team did with it."""
    return {
        "phone": played.player.person.phone, "name": played.player.facts["name"], "began_at": played.began_at,
        "seller": played.player.seller, "deeds": [one._asdict() for one in played.deeds], **played.arc.more,
    }  # fmt: skip


class Story:
    """Like a Town, for the simulation: `scenes` without end. `history` comes before."""

    def __init__(self, seed: int, *, clock: Callable[[], float], files: str = "https://media.invalid") -> None:
        self._random = Random(f"story {seed}")
        self._clock = clock
        self._files = files
        self._serial = 0
        self._tag = f"{seed & 0xFFFFFFFF:08X}"
        self.phone_number_id = str(100_000_000_000_000 + seed % 10**12)
        self.workflows = [self._uuid()]
        self._cast = script.cast()
        self._arcs = script.arcs()
        self._later = script.later()
        self._had: list[Played] = []

    # -- what was

    def history(self) -> tuple[list[Event], list[Played]]:
        """All events up to now, the oldest first, and what came of each chat."""
        timed: list[tuple[float, Event]] = []
        had = []
        for arc in self._arcs:
            people = players(self._cast, arc, self._random)
            for _ in range(arc.people):
                played, events = self._play(arc, next(people))
                had.append(played)
                timed += events
        self._had = had
        return [event for _, event in sorted(timed, key=lambda one: one[0])], had

    def _play(self, arc: Arc, player: Player) -> tuple[Played, list[tuple[float, Event]]]:
        offsets = self._offsets(arc)
        begin = self._begin(arc, offsets[-1])
        deeds: list[Deed] = []
        timed: list[tuple[float, Event]] = []
        for line, offset in zip(arc.lines, offsets, strict=True):
            at = begin + offset
            if line.kind in ("status", "note"):
                deeds.append(Deed(at, line.kind, line.text))
            elif line.kind != "pause":
                timed += [(event_at, event) for event_at, event in self._say(line, player, arc, at)]
        return Played(arc, player, begin, deeds), timed

    def _offsets(self, arc: Arc) -> list[float]:
        """Seconds from the begin of the chat, for each line."""
        at, found = 0.0, []
        for place, line in enumerate(arc.lines):
            if line.kind == "pause":
                at += script.seconds(line.text)
            elif place and line.kind in PAUSES:
                at += self._random.uniform(*PAUSES[line.kind])
            found.append(at)
        return found

    def _begin(self, arc: Arc, length: float) -> float:
        """So that it ended as long ago as the arc says; else in the daytime of any day, more often lately."""
        now, rng = self._clock(), self._random
        if arc.ends is not None:
            return now - arc.ends * rng.uniform(0.9, 1.1) - length
        back = WEEKS * 7 * DAY * (1 - rng.random() ** 0.9)
        at = now - max(back, length + DAY / 2)
        midnight = (at + JAKARTA_SECONDS) // DAY * DAY - JAKARTA_SECONDS
        begin: float = min(midnight + rng.uniform(*SHOP_DAY) * 3600, now - length - DAY / 4)
        return begin

    # -- what is

    def scenes(self) -> Iterator[list[Event]]:
        """One line of one chat each: new people talk with the bot, and known ones write again."""
        stage = [self._enter() for _ in range(LIVE)]
        while True:
            place = self._random.randrange(LIVE)
            (arc, player), lines = stage[place]
            line = next(lines, None)
            if line is None:
                stage[place] = self._enter()
            else:
                yield [event for _, event in self._say(line, player, arc, self._clock())]

    def _enter(self) -> tuple[tuple[Arc, Player], Iterator[ScriptLine]]:
        """Mostly somebody known. Of somebody new the chat ends where a person would answer, or time would pass."""
        if self._had and self._random.random() < AGAIN:
            one = self._random.choice(self._had)
            return (one.arc, one.player), iter(self._random.choice(self._later))
        arc = self._random.choice(self._arcs)
        lines = takewhile(lambda line: line.kind in ("customer", "bot", "status"), arc.lines)
        said = [line for line in lines if line.kind != "status"]
        return (arc, next(players(self._cast, arc, self._random))), iter(said)

    # -- a line as events

    def _say(self, line: ScriptLine, player: Player, arc: Arc, at: float) -> list[tuple[float, Event]]:
        person, inbound = player.person, line.kind == "customer"
        begun = self._session(person, at)
        text = script.said(line.text, {**player.facts, "salam": _greeting(at)}, self._random)
        typed = self._typed(line, text)
        if inbound:
            message = message_body(self._new_id(), at, typed, inbound=True, person=person)
            if begun and (source := arc.more.get("source")):
                message["referral"] = {
                    "source_type": "ad",
                    "source_id": "1200",
                    "headline": source,
                    "source_url": "https://fb.me/lapakrapi",
                }
            person.received.append(message["id"])
            return [*begun, (at, Event("whatsapp.message.received", "v2", self._v2(message, person)))]
        return [*begun, *self._sent(typed, person, at, by_seller=line.kind == "seller")]

    def _sent(
        self, typed: tuple[str, Any, dict[str, Any]], person: SimulatedPerson, at: float, *, by_seller: bool
    ) -> list[tuple[float, Event]]:
        """Sent, delivered and mostly read, each an event."""
        id, told = self._new_id(), list[dict[str, Any]]()
        found = []
        for step, later in (("sent", 0.0), ("delivered", 1.0), ("read", 4.0)):
            if step == "read" and self._random.random() < 0.2:
                break
            told.append({"id": id, "status": step, "timestamp": str(int(at + later)), "recipient_id": person.number})
            message = message_body(id, at, typed, inbound=False, person=person, status=step,
                                   origin="business_app" if by_seller else "cloud_api")  # fmt: skip
            message["kapso"]["statuses"] = [dict(one) for one in told]
            found.append((at + later, Event(f"whatsapp.message.{step}", "v2", self._v2(message, person), after=later)))
        person.sent.append(id)
        return found

    def _typed(self, line: ScriptLine, text: str) -> tuple[str, Any, dict[str, Any]]:
        """(type, the part named like it, more keys of message.kapso)."""
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
        """A conversation, begun if there is none or the last word is a day old."""
        talk = person.conversation
        if talk is not None and at - talk["last_active_at"] < DAY:
            talk |= {"last_active_at": at, "updated_at": at}
            return []
        person.conversation = {
            "id": self._uuid(), "created_at": at, "updated_at": at, "last_active_at": at, "status": "active",
            "metadata": {}, "offset": 7,
        }  # fmt: skip
        body: dict[str, Any] = {"conversation": self._snapshot(person), "phone_number_id": self.phone_number_id}
        return [(at, Event("whatsapp.conversation.created", "v2", body))]

    def _snapshot(self, person: SimulatedPerson) -> dict[str, Any]:
        return conversation_body(person, self.phone_number_id, sparse=False)

    def _v2(self, message: dict[str, Any], person: SimulatedPerson) -> dict[str, Any]:
        return {
            "message": message,
            "conversation": self._snapshot(person),
            "is_new_conversation": False,
            "phone_number_id": self.phone_number_id,
        }

    def _new_id(self) -> str:
        self._serial += 1
        return f"wamid.{self._tag}{self._serial:010d}{self._random.randrange(10**6):06d}"

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
