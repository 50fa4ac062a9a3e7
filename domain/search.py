"""What somebody types into a search box: qualifiers, a number in any form, words (pure)."""

import re
import shlex
from dataclasses import dataclass, field

from domain import phone
from domain.lead import STATUSES
from domain.lead_fields import BY_NAME, FILTERED, PHASES, TEMPERATURES, label_of
from domain.letters import searchable

SCORE = re.compile(r"(>=|<=|>|<|=)?(\d{1,3})")
NAMES = {
    "temp": "temperature", "kota": "city", "domisili": "city", "skor": "score", "fase": "phase",
    "business": "business_type", "usaha": "business_type", "bahasa": "language", "urgency": "urgency_level",
    "suhu": "temperature", "pemilik": "owner", "label": "tag", "tags": "tag", "adalah": "is", "kendala": "pain_points",
    "layanan": "services", "asal": "source", "urgensi": "urgency_level",
    "trade": "business_type", "troubles": "pain_points",
}  # fmt: skip
# What Indonesian users type for a value; the desk shows the same words.
INDONESIAN = {
    "baru": "new", "memenuhi syarat": "qualified", "sudah dihubungi": "contacted", "dihubungi": "contacted",
    "jadi pelanggan": "converted", "diarsipkan": "archived", "panas": "hot", "hangat": "warm", "suam": "lukewarm",
    "dingin": "cold", "menunggu": "waiting", "belum dibaca": "unread", "ditunda": "snoozed",
}  # fmt: skip
CHOICES = {"status": STATUSES, "temperature": TEMPERATURES, "phase": PHASES}


@dataclass(slots=True)
class Search:
    """What was asked for. `strange` are known qualifiers with an unknown value, as they were typed. Other words with a
    colon are words.
    """

    parts: list[str] = field(default_factory=list)
    """Pieces that all stand in the names and numbers of a lead, as a search compares them."""
    chosen: dict[str, list[str]] = field(default_factory=dict)
    """status, temperature, phase, owner, tag: any of these values."""
    city: str | None = None
    least_score: int | None = None
    most_score: int | None = None
    waiting: bool = False
    unread: bool = False
    snoozed: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    """Name of a lead field to words, in lower case, that stand in it."""
    strange: list[str] = field(default_factory=list)


def parse(text: str) -> Search:
    """`rina status:hot city:"kota bandung" score:>70 is:unread`, `0812-3456`, `+62 812 3456 789`. Never fails."""
    found = Search()
    words = []
    for word in _words(text):
        name, colon, value = word.partition(":")
        name = ALIASES.get(name.lower(), name.lower())
        if colon and value and name in QUALIFIERS:
            if not QUALIFIERS[name](found, name, value.strip()):
                found.strange.append(word)
        else:
            words.append(word)
    rest = " ".join(words).strip()
    number = phone.part(rest)
    found.parts = [number] if number else [searchable(word.replace("\0", "")) for word in words]
    return found


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="")
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    try:
        return list(lexer)
    except ValueError:  # a quote that was not closed yet
        return text.replace('"', " ").split()


def _choice(found: Search, name: str, value: str) -> bool:
    """`status:hot` is what people type who think of the temperature."""
    for one in value.split(","):
        fits = [known for known in (name, *CHOICES) if _known(known, one)]
        if not fits:
            return False
        found.chosen.setdefault(fits[0], []).append(_known(fits[0], one) or one)
    return True


def _known(name: str, value: str) -> str | None:
    return next((known for known in CHOICES[name] if known.lower() == _english(value)), None)


def _english(value: str) -> str:
    """In lower case; of the desk's Indonesian words the English one."""
    said = value.lower()
    return INDONESIAN.get(said.replace("_", " ").replace("-", " "), said)


def _city(found: Search, _: str, value: str) -> bool:
    found.city = value
    return True


def _score(found: Search, _: str, value: str) -> bool:
    match = SCORE.fullmatch(value)
    if match is None:
        return False
    sign, number = match[1] or ">=", int(match[2])
    if sign in (">", ">=", "="):
        found.least_score = number + (sign == ">")
    if sign in ("<", "<=", "="):
        found.most_score = number - (sign == "<")
    return True


def _is(found: Search, _: str, value: str) -> bool:
    state = _english(value)
    if state not in ("unread", "waiting", "snoozed"):
        return False
    setattr(found, state, True)
    return True


def _words_of(found: Search, name: str, value: str) -> bool:
    words = [one for one in value.split(",") if one]
    found.chosen.setdefault(name, []).extend(words)
    return bool(words)


def _field(found: Search, name: str, value: str) -> bool:
    found.fields[name] = value.lower()
    return True


QUALIFIERS = {
    "status": _choice,
    "temperature": _choice,
    "phase": _choice,
    "city": _city,
    "score": _score,
    "is": _is,
    "owner": _words_of,
    "tag": _words_of,
} | dict.fromkeys(FILTERED, _field)
# A field is found by its labels too: jenis_usaha:laundry.
LABELS = {
    label.lower().replace(" ", "_"): name for name in FILTERED for label in (label_of(name), BY_NAME[name].indonesian)
}
ALIASES = {label: name for label, name in LABELS.items() if label not in QUALIFIERS} | NAMES
