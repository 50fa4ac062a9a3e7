"""What extraction reads of one lead, and what a source says it found there (pure)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain.lead import Claim
from domain.score import ScoreSignal
from domain.sentiment import SentimentFound


class ChatLine(NamedTuple):
    """What one message says; of a voice message its transcript."""

    id: str
    inbound: bool
    text: str
    spoken: bool = False
    chosen: bool = False
    """A reply by button, list or form: the business or WhatsApp wrote the text."""


class BotFact(NamedTuple):
    """What the bot keeps of a chat; `origin`: conversation metadata, workflow variables, project event NAME."""

    origin: str
    at: datetime | None
    values: Mapping[str, Any]
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChatWindow:
    """The end of a lead's chat, oldest line first, and what the bot knows, newest fact first."""

    lead_id: UUID
    lines: tuple[ChatLine, ...] = ()
    facts: tuple[BotFact, ...] = ()

    def marks(self) -> dict[str, str]:
        """Map the id of each line to a mark that is unique for this line and its words."""
        return {
            line.id: f"{line.id} {hashlib.blake2b(line.text.encode(), digest_size=8).hexdigest()}"
            for line in self.lines
        }

    def hash(self, readers: str) -> bytes:
        """The same for the same words read by the same readers."""
        known = [(fact.origin, fact.event_id, fact.values) for fact in self.facts]
        said: list[Any] = [readers, [tuple(line) for line in self.lines], known]
        try:
            written = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # an older release stored facts that are nested too deep
            written = orjson.dumps([*said[:2], [one[:2] for one in known]])
        return hashlib.blake2b(written, digest_size=16).digest()


class ChatNote(NamedTuple):
    """What the bot wrote down, in the project event `event_id`."""

    event_id: str
    text: str
    at: datetime | None


@dataclass(slots=True)
class ReadValues:
    """What a source found. `status` is a move that the bot made, with when it said so."""

    claims: list[Claim] = field(default_factory=list)
    signals: list[ScoreSignal] = field(default_factory=list)
    notes: list[ChatNote] = field(default_factory=list)
    status: tuple[Claim, datetime] | None = None
    felt: SentimentFound | None = None
    unrecognized: set[str] = field(default_factory=set)
    """Names of facts that no field can hold."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """The lines that were read (ChatWindow.marks)."""

    def add(self, other: "ReadValues") -> None:
        """Earlier claims to a field of the same rank stand."""
        self.claims += other.claims
        self.signals += other.signals
        self.notes += other.notes
        self.status = self.status or other.status
        self.unrecognized |= other.unrecognized
