"""What the bot already knows: metadata of conversations, properties of its events, variables of its runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from domain.field_kinds import NotAllowed
from domain.lead import STATUSES, Claim, Source
from domain.lead_fields import parse
from domain.window import BotFact, ChatNote, ChatWindow, ReadValues

# What a bot may call a field, apart from the field's own name.
ALSO_CALLED: Final[Mapping[str, str]] = {
    "nama": "name", "customer_name": "name", "full_name": "name", "nama_lengkap": "name",
    "business": "business_type", "usaha": "business_type", "bisnis": "business_type", "jenis_usaha": "business_type",
    "city": "domisili", "kota": "domisili", "location": "domisili", "lokasi": "domisili",
    "duration": "business_duration", "lama_usaha": "business_duration",
    "cerita": "story", "bahasa": "language",
    "pain": "pain_points", "pains": "pain_points", "kendala": "pain_points", "masalah": "pain_points",
    "motivation": "interest_motivation", "motivasi": "interest_motivation",
    "prioritas": "priority", "urgency": "urgency_level", "objection": "objection_raised",
    "closing_technique": "closing_technique_used", "phase": "chat_phase",
    "temperature": "lead_temperature", "score": "lead_score",
}  # fmt: skip
STATUS_KEYS: Final = ("lead_status",)
NOTE_KEYS: Final = ("text", "note", "catatan")
HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SEPARATORS: Final = re.compile(r"[\s\-.]+")
SHOWABLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,59}")
DIGITS: Final = re.compile(r"[0-9]{4}")
HIDDEN: Final = "(a name that is not shown)"
NESTED: Final = ("lead", "vars", "variables", "customer")


class Known:
    def __init__(self, *, bot: str, note_event: str | None = None) -> None:
        """`bot` signs what is read here; `note_event` is the project event by which it writes notes."""
        self.name = f"known@2 {bot} {note_event}"
        self._bot = bot
        self._note_origin = f"project event {note_event}" if note_event else None

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        return [self._read(window) for window in windows]

    async def close(self) -> None:
        pass

    def _read(self, window: ChatWindow) -> ReadValues:
        reading = ReadValues()
        for fact in window.facts:  # newest first, and the first claim to a field stands
            if fact.origin == self._note_origin and fact.event_id:
                reading.notes += _notes(fact, fact.event_id)
                continue
            for key, value in _flat(fact.values):
                if claim := self._claim(key, value, fact.origin):
                    reading.claims.append(claim)
                elif key not in STATUS_KEYS or _status_of(value) is None:
                    reading.unrecognized.add(_shown(key))
                if reading.status is None and (moved := self._status(key, value, fact)):
                    reading.status = moved
        return reading

    def _claim(self, key: str, value: object, origin: str) -> Claim | None:
        name = ALSO_CALLED.get(key, key)
        try:
            parsed = parse(name, _shaped(name, value))
        except NotAllowed:  # another thing of the same name, or in another form: it stays in the mirror
            return None
        return None if parsed is None else Claim(name, parsed, Source.BOT, self._bot, origin)

    def _status(self, key: str, value: object, fact: BotFact) -> tuple[Claim, datetime] | None:
        # Metadata repeats an old status with every message: only a fact with an event id and a time may move a lead.
        status = _status_of(value) if key in STATUS_KEYS else None
        if status and fact.event_id and fact.at:
            return Claim("status", status, Source.BOT, self._bot, fact.origin), fact.at
        return None


def _status_of(value: object) -> str | None:
    status = value.strip().lower() if isinstance(value, str) else None
    return status if status in STATUSES else None


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Names in snake_case, and their values; empty ones say nothing."""
    for written, value in values.items():
        name = _snake(str(written))
        if name in NESTED and isinstance(value, dict):
            yield from _flat(value)
        elif value not in (None, "", [], {}):
            yield name, value


def _snake(name: str) -> str:
    """`businessType`, `Business Type` and `business-type` are `business_type`."""
    return SEPARATORS.sub("_", HUMP.sub("_", name.strip())).lower()


def _shown(name: str) -> str:
    """The name, unless it may be a value that identifies somebody."""
    return name if SHOWABLE.fullmatch(name) and not DIGITS.search(name) else HIDDEN


def _shaped(name: str, value: object) -> object:
    """Bots say numbers as text, lists with commas, and the reverse."""
    if name == "pain_points" and isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    if name == "lead_score" and isinstance(value, str) and value.isdecimal():
        return int(value)
    if name == "lead_score" and isinstance(value, float) and value.is_integer():
        return int(value)
    if name == "chat_phase" and isinstance(value, str):
        return value.strip().upper().removeprefix("PHASE ")
    if isinstance(value, str) and name in ("urgency_level", "lead_temperature", "language"):
        return value.lower() or None
    return value or None if isinstance(value, str) else value


def _notes(fact: BotFact, event_id: str) -> list[ChatNote]:
    texts = (fact.values.get(key) for key in NOTE_KEYS)
    text = next((text.strip() for text in texts if isinstance(text, str) and text.strip()), None)
    return [ChatNote(event_id, text[:10_000], fact.at)] if text else []
