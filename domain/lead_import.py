"""Leads in a table of somebody else's: which column is which field, and what each row says (pure)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, FIELDS, PROFILE_FIELDS, TEMPERATURES, label_of, with_country
from domain.phone import Phones

NOTE: Final = "note"
# Computed from chats, or of the desk alone.
NOT_IMPORTED: Final = {"lead_score", "chat_phase", "snoozed_until"}
FIELDS_OF_IMPORTS: Final = (*(name for name in (*FIELDS, *PROFILE_FIELDS) if name not in NOT_IMPORTED), NOTE)
# What people call them, beside our own names and labels.
HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "name": ("nama", "nama lengkap", "full name", "contact name", "customer", "pelanggan"),
    "phone": ("telp", "no hp", "nomor hp", "hp", "nomor telepon", "no telepon", "nomor whatsapp", "no wa", "wa",
              "whatsapp", "mobile", "phone number", "telephone"),
    "email": ("e-mail", "e mail", "alamat email", "email address"),
    "domisili": ("kota", "city", "lokasi", "location", "town"),
    "business_type": ("usaha", "bisnis", "bidang usaha", "business", "industry", "trade", "nama usaha", "company"),
    "estimated_value": ("nilai", "value", "deal value", "amount", "budget"),
    "owner": ("sales", "pemilik", "pic", "assigned to"),
    "tags": ("tag", "label", "labels"),
    "source": ("asal", "sumber", "lead source"),
    "address": ("alamat", "street"),
    NOTE: ("catatan", "notes", "keterangan", "remarks", "comment"),
}  # fmt: skip
LISTS: Final = ("tags", "pain_points", "services", "seasons")
NUMBERS: Final = ("estimated_value", "predicted_close_probability")
DAYS: Final = ("expected_close_date", "last_service_date")


class ColumnMap(NamedTuple):
    """Column (from 0) to field, and the headers that no field was found for."""

    fields: Mapping[int, str]
    ignored: Sequence[str]


def columns(headers: Sequence[str], given: Mapping[str, str]) -> ColumnMap:
    """`given` says which header is which field, `-` leaves one out; the others are known by name.

    Raises NotAllowed: a field twice, one that is none, or neither phone nor email.
    """
    if strange := [name for name in given.values() if name not in (*FIELDS_OF_IMPORTS, "-")]:
        raise NotAllowed(f"{strange[0]} is no field; there are {', '.join(FIELDS_OF_IMPORTS)}")
    if absent := [name for name in given if name not in headers]:
        raise NotAllowed(f"there is no column {absent[0]}; there are {', '.join(headers)}")
    found = guessed(headers, given)
    if twice := [name for name in set(found.values()) if list(found.values()).count(name) > 1]:
        raise NotAllowed(f"two columns are {twice[0]}; leave one out with COLUMN=-")
    if not {"phone", "email"} & set(found.values()):
        raise NotAllowed("no column holds a phone or an e-mail; say which: COLUMN=phone")
    return ColumnMap(found, [header for place, header in enumerate(headers) if place not in found])


def guessed(headers: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    """Column to field, as far as they are given or known by name."""
    fields = {place: given.get(header) or _field_of(header) for place, header in enumerate(headers)}
    return {place: name for place, name in fields.items() if name and name != "-"}


def values(cells: Sequence[object], columns: Mapping[int, str], phones: Phones) -> dict[str, Any]:
    """What a row says of its lead; empty cells say nothing. Raises NotAllowed."""
    said = {name: _value(name, cells[place]) for place, name in columns.items() if place < len(cells)}
    told = {name: value for name, value in said.items() if value not in (None, "", [])}
    fields = with_country({name: value for name, value in told.items() if name != NOTE}, phones)
    for name, value in fields.items():
        BY_NAME[name].kind.parse(name, value)
    if not fields.get("phone") and not fields.get("email"):
        raise NotAllowed("it has neither a phone nor an e-mail")
    return fields | ({NOTE: told[NOTE]} if NOTE in told else {})


def row_of(cells: Sequence[object], columns: Mapping[int, str], phones: Phones) -> dict[str, Any] | str:
    """What a row says, or why it is refused."""
    try:
        return values(cells, columns, phones)
    except NotAllowed as error:
        return str(error)


def _field_of(header: str) -> str | None:
    plain = _plain(header)
    for name in FIELDS_OF_IMPORTS:
        known = {_plain(name), *map(_plain, HEADERS.get(name, ()))}
        if name in BY_NAME:
            known |= {_plain(label_of(name)), _plain(BY_NAME[name].indonesian)}
        if plain in known:
            return name
    return None


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", " ", header.lower()).strip()


def _value(name: str, cell: object) -> Any:
    """A cell as the field takes it: spreadsheets hold numbers and dates of their own."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if name in DAYS and isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    text = "" if cell is None else str(cell).strip()
    if name in LISTS:
        return [one.strip() for one in re.split(r"[,;]", text) if one.strip()]
    if name in NUMBERS:
        return _number(name, text) if text else None
    if name == "lead_temperature":
        return text.lower() if text.lower() in TEMPERATURES else text
    return text


def _number(name: str, text: str) -> float:
    """5.000.000, 5,000,000, Rp 5.000.000, 349000."""
    digits = re.sub(r"(?i)^rp\.?\s*|[\s]", "", text)
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        raise NotAllowed("{name} must be a number", name=name) from None
