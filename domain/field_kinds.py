"""What a field of a lead may hold: checked here, and said to programs as a JSON Schema (pure)."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from domain.letters import is_visible
from domain.phone import ANYWHERE, EXAMPLE, NotAPhone, Phones

Value: TypeAlias = str | int | float | list[str] | list[int] | date | None
Parser: TypeAlias = Callable[[str, object], Value]
"""Given the field's name and a value; returns the value as it is stored, or raises NotAllowed."""

MOST_VALUE: Final = 10**10


class NotAllowed(ValueError):
    """What can't be done, such as a value that its field can't hold; the text says what can.

    `template` and `values` say the same in parts, so that it can be said in other languages; `name` is a field's name.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


class Kind(NamedTuple):
    """What a field may hold: as it is checked here, and as a JSON Schema says it to programs."""

    parse: Parser
    schema: Mapping[str, Any]


READABLE: Final = r"^[^\x00]*[^\s\x00-\x1f][^\x00]*$"
"""Something to read, and no NUL."""


def one_of(*allowed: str) -> Kind:
    def parse(name: str, value: object) -> Value:
        if value not in allowed:
            raise NotAllowed("{name} must be one of: {allowed}", name=name, allowed=", ".join(allowed))
        return str(value)

    return Kind(parse, {"type": "string", "enum": list(allowed)})


def text(longest: int) -> Kind:
    def parse(name: str, value: object) -> Value:
        if not isinstance(value, str):
            raise NotAllowed("{name} must be text", name=name)
        words = " ".join(value.replace("\0", "").split())
        if not 0 < len(words) <= longest or not is_visible(words):
            raise NotAllowed("{name} must have 1 to {longest} characters", name=name, longest=longest)
        return words

    return Kind(parse, {"type": "string", "maxLength": longest, "pattern": READABLE})


def _texts(name: str, value: object) -> Value:
    if not isinstance(value, list) or not 0 < len(value) <= 20:
        raise NotAllowed("{name} must be a list of 1 to 20 texts", name=name)
    return list(dict.fromkeys(str(ITEM.parse(f"each of {name}", one)) for one in value))


def whole(value: object) -> object:
    """JSON has one kind of number: 70.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _score(name: str, value: object) -> Value:
    number = whole(value)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 100:
        raise NotAllowed("{name} must be a whole number from 0 to 100", name=name)
    return number


def _probability(name: str, value: object) -> Value:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise NotAllowed("{name} must be a number from 0 to 1", name=name)
    return round(float(value), 2)


def _amount(name: str, value: object) -> Value:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= round(value, 2) < MOST_VALUE:
        raise NotAllowed("{name} must be a number from 0 to {most}", name=name, most=f"{MOST_VALUE - 0.01:.2f}")
    return round(value, 2)


def _day(name: str, value: object) -> Value:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotAllowed("{name} must be a date like 2026-11-23", name=name) from None


def _moment(name: str, value: object) -> Value:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return at.astimezone(UTC) if at.tzinfo else _no_moment(name)
    except (ValueError, OverflowError):
        return _no_moment(name)


def _no_moment(name: str) -> Value:
    raise NotAllowed("{name} must be a time with its zone, like 2026-11-23T09:00:00+07:00", name=name)


def _user_name(name: str, value: object) -> Value:
    if not isinstance(value, str) or not re.fullmatch(USER_NAME, value):
        raise NotAllowed("{name} must be the name of a user", name=name)
    return value


def phone(name: str, value: object, phones: Phones = ANYWHERE) -> Value:
    try:
        return phones.read(value if isinstance(value, str) else "")
    except NotAPhone as error:
        raise NotAllowed("{name} " + error.template, name=name, **error.values) from None


def _language(name: str, value: object) -> Value:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,8}", value):
        raise NotAllowed("{name} must be a language code like id or en, or mixed", name=name)
    return value


_PART: Final = r"[^\s@\x00-\x20\x7f-\xa0]+"
EMAIL: Final = rf"{_PART}@{_PART}\.{_PART}"
"""Says the same in Python's regular expressions and in those of JSON Schema."""


def _email(name: str, value: object) -> Value:
    bare = value.strip().lower() if isinstance(value, str) else ""
    if not re.fullmatch(EMAIL, bare) or len(bare) > 254:
        raise NotAllowed("{name} must be an address like jane@example.com", name=name)
    return bare


def _years(name: str, value: object) -> Value:
    given = [whole(one) for one in value] if isinstance(value, list) else []
    years = sorted({one for one in given if type(one) is int and 1900 <= one <= 2999})
    if not 0 < len(given) <= 100 or any(one not in years for one in given):
        raise NotAllowed("{name} must be a list of years", name=name)
    return years


def _tags(name: str, value: object) -> Value:
    tags = _texts(name, value)
    if any(len(one) > 40 or "," in one for one in map(str, tags)):  # type: ignore[arg-type]
        raise NotAllowed("each of {name} must have at most 40 characters, and no comma", name=name)
    return tags


ITEM: Final = text(200)
TEXTS: Final = Kind(_texts, {"type": "array", "items": ITEM.schema, "minItems": 1, "maxItems": 20})
TAG: Final = {"type": "string", "maxLength": 40, "pattern": r"^[^\x00,]*[^\s\x00-\x1f,][^\x00,]*$"}
TAGS: Final = Kind(_tags, {"type": "array", "items": TAG, "minItems": 1, "maxItems": 20})
YEAR: Final = {"type": "integer", "minimum": 1900, "maximum": 2999}
YEARS: Final = Kind(_years, {"type": "array", "items": YEAR, "minItems": 1, "maxItems": 100})
SCORE: Final = Kind(_score, {"type": "integer", "minimum": 0, "maximum": 100})
PROBABILITY: Final = Kind(_probability, {"type": "number", "minimum": 0, "maximum": 1})
AMOUNT: Final = Kind(_amount, {"type": "number", "minimum": 0, "maximum": MOST_VALUE - 0.01})
USER_NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
USER: Final = Kind(_user_name, {"type": "string", "pattern": USER_NAME})
"""Whether there is such a user, the table says."""
MOMENT: Final = Kind(_moment, {"type": "string", "format": "date-time"})
DAY: Final = Kind(_day, {"type": "string", "format": "date"})
PHONE: Final = Kind(
    phone,
    {
        "type": "string", "maxLength": 100, "examples": [EXAMPLE],
        "description": "With its country, or as dialled at home where DEFAULT_REGION is set. Kept as E.164.",
    },
)  # fmt: skip
LANGUAGE: Final = Kind(_language, {"type": "string", "pattern": "^[a-z]{2,8}$"})
ADDRESS: Final = Kind(_email, {"type": "string", "maxLength": 254, "pattern": f"^{EMAIL}$"})
