"""Lead fields as people see and type them, in their language (pure).

Stored are the words that programs know: `price`, `3 years`, `mixed`. The desk shows and takes the viewer's own:
`harga`, `3 tahun`, `campuran`. What is neither stays as it was typed.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain.lead_fields import BY_NAME, LEAD_FIELDS, Section, of_section
from web.forms import number
from web.words import Translate

SECTIONS: Final[tuple[Section, ...]] = ("What is known", "The deal", "As a customer")
DATES: Final = tuple(one.name for one in LEAD_FIELDS if one.is_date)
LISTS: Final = tuple(one.name for one in LEAD_FIELDS if one.is_list)
LONG: Final = tuple(one.name for one in LEAD_FIELDS if one.is_long)
LANGUAGE_NAMES: Final = {"id": "Indonesian", "en": "English", "mixed": "mixed"}
DURATION: Final = re.compile(r"(\d+) (year|month)s?|since (\d{4})|(just started)")
UNITS: Final = ("year", "years", "month", "months", "since", "just started")
# "Rp 1.500.000", "1 500 000", "50,000.50": what stands behind the last sign, if it is one or two digits, are cents.
CURRENCY: Final = re.compile(r"Rp\.?|IDR", re.IGNORECASE)
AMOUNT: Final = re.compile(r"([0-9][0-9\s.,]*?)(?:[.,]([0-9]{1,2}))?")
SHORT: Final = re.compile(
    r"([0-9]+)(?:[.,]([0-9]{1,2}))?\s*(rb|ribu|k|jt|juta|mio|million|miliar|milyar|b)\b\.?", re.IGNORECASE
)
THOUSAND, MILLION, BILLION = 1_000, 1_000_000, 1_000_000_000
MULTIPLES: Final[Mapping[str, int]] = {
    "rb": THOUSAND, "ribu": THOUSAND, "k": THOUSAND, "jt": MILLION, "juta": MILLION, "mio": MILLION,
    "million": MILLION, "miliar": BILLION, "milyar": BILLION, "b": BILLION,
}  # fmt: skip
NOT_DIGITS: Final = re.compile(r"[\s.,]")


def sections(shown: Mapping[str, str]) -> list[tuple[Section, list[str], list[str]]]:
    """Each section with the fields that hold something, and those that do not. `shown`: name to text."""
    return [
        (one, [name for name in of_section(one) if shown[name]], [name for name in of_section(one) if not shown[name]])
        for one in SECTIONS
    ]


def vocabulary(name: str) -> Mapping[str, str]:
    """Stored word to its English one, of a field with a closed vocabulary."""
    if name == "language":
        return LANGUAGE_NAMES
    field = BY_NAME[name]
    return {word: word for word in (*field.categories, *field.kind.schema.get("enum", ()))}


def as_text(name: str, value: Any, t: Translate = str) -> str:
    """A field as it stands in its input."""
    if value is None:
        return ""
    if name == "predicted_close_probability":
        return f"{value:.0%}"
    if name == "estimated_value":
        return f"{value:,.2f}".removesuffix(".00").replace(",", " ")
    if isinstance(value, list):
        return ", ".join(_word(name, str(one), t) for one in value)
    return _word(name, str(value), t)


def as_value(name: str, typed: str, t: Translate = str) -> object:
    """What was typed, as the field takes it; what can't be that is left for the field to refuse."""
    if not typed:
        return None
    if name in LISTS:
        parts = [_stored(name, one.strip(), t) for one in typed.split(",") if one.strip()]
        return [number(one) or one for one in parts] if name == "seasons" else parts
    if name == "estimated_value":
        amount = _amount(typed)
        return typed if amount is None else amount
    if name == "predicted_close_probability":
        percent = number(typed.rstrip("% "))
        return typed if percent is None else percent / 100
    return _stored(name, typed, t)


def _amount(typed: str) -> float | None:
    """5 juta, 5.000.000, Rp 1,5 jt, 750rb."""
    bare = CURRENCY.sub("", typed).strip()
    if short := SHORT.fullmatch(bare):
        return float(f"{short[1]}.{short[2] or 0}") * MULTIPLES[short[3].lower()]
    amount = AMOUNT.fullmatch(bare)
    whole = number(NOT_DIGITS.sub("", amount[1])) if amount else None
    return None if amount is None or whole is None else whole + int((amount[2] or "0").ljust(2, "0")) / 100


def _word(name: str, stored: str, t: Translate) -> str:
    if name == "business_duration" and (found := DURATION.fullmatch(stored)):
        count, unit, since, _ = found.groups()
        return (
            f"{count} {t(unit if count == '1' else unit + 's')}"
            if count
            else t("since") + f" {since}"
            if since
            else t("just started")
        )
    known = vocabulary(name).get(stored)
    return t(known) if known else stored


def _stored(name: str, typed: str, t: Translate) -> str:
    if name == "business_duration":
        return _duration(typed, t)
    said = typed.casefold()
    return next((word for word, english in vocabulary(name).items() if said in (t(english).casefold(), word)), typed)


def _duration(typed: str, t: Translate) -> str:
    """`3 tahun`: 3 years."""
    english = {t(one).casefold(): one for one in UNITS}
    if (word := english.get(typed.casefold())) == "just started":
        return word
    first, _, second = typed.casefold().partition(" ")
    if first.isdigit() and (unit := english.get(second)) and unit != "since":
        return f"{first} {unit.removesuffix('s')}{'' if first == '1' else 's'}"
    return f"since {second}" if english.get(first) == "since" else typed
