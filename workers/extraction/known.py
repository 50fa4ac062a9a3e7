"""What the bot already knows: metadata of conversations, properties of its events, variables of its runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rows.lead import STATUSES, Claim, NotAllowed, Source, parse
from rows.window import Fact, Note, Reading, Window

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
NESTED: Final = ("lead", "vars", "variables", "customer")


class Known:
    def __init__(self, *, bot: str, note_event: str | None = None) -> None:
        """`bot` signs what is read here; `note_event` is the project event by which it writes notes."""
        self.name = f"known@1 {bot} {note_event}"
        self._bot = bot
        self._note_origin = f"project event {note_event}" if note_event else None

    async def read(self, windows: Sequence[Window]) -> list[Reading | None]:
        return [self._read(window) for window in windows]

    async def close(self) -> None:
        pass

    def _read(self, window: Window) -> Reading:
        reading = Reading()
        for fact in window.facts:  # newest first, and the first claim to a field stands
            if fact.origin == self._note_origin and fact.event_id:
                reading.notes += _notes(fact, fact.event_id)
                continue
            for key, value in _flat(fact.values):
                if claim := self._claim(key, value, fact.origin):
                    reading.claims.append(claim)
                if reading.status is None and (moved := self._status(key, value, fact)):
                    reading.status = moved
        return reading

    def _claim(self, key: str, value: object, origin: str) -> Claim | None:
        name = ALSO_CALLED.get(key.lower(), key.lower())
        try:
            parsed = parse(name, _shaped(name, value))
        except NotAllowed:  # another thing of the same name, or in another form: it stays in the mirror
            return None
        return None if parsed is None else Claim(name, parsed, Source.BOT, self._bot, origin)

    def _status(self, key: str, value: object, fact: Fact) -> tuple[Claim, datetime] | None:
        # Metadata comes with every message, whether or not it says anything new: it can't move a lead back again.
        if fact.event_id and key.lower() in STATUS_KEYS and value in STATUSES and fact.at:
            return Claim("status", str(value), Source.BOT, self._bot, fact.origin), fact.at
        return None


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if key in NESTED and isinstance(value, dict):
            yield from _flat(value)
        else:
            yield str(key), value


def _shaped(name: str, value: object) -> object:
    """Bots say numbers as text, lists with commas, and the reverse."""
    if name == "pain_points" and isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    if name == "lead_score" and isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, str) and name in ("urgency_level", "lead_temperature", "language"):
        return value.lower() or None
    return value or None if isinstance(value, str) else value


def _notes(fact: Fact, event_id: str) -> list[Note]:
    texts = (fact.values.get(key) for key in NOTE_KEYS)
    text = next((text.strip() for text in texts if isinstance(text, str) and text.strip()), None)
    return [Note(event_id, text[:10_000], fact.at)] if text else []
