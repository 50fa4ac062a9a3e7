"""Map the columns of an imported table to fields of leads, and read its rows (pure)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, FIELDS, LEAD_FIELDS, PROFILE_FIELDS, label_of, with_country
from domain.phone import Phones

NOTE: Final = "note"
# Computed from chats, or set at the desk only.
NOT_IMPORTED: Final = {"lead_score", "chat_phase", "snoozed_until"}
FIELDS_OF_IMPORTS: Final = (*(name for name in (*FIELDS, *PROFILE_FIELDS) if name not in NOT_IMPORTED), NOTE)
# Usual headers, beside the names and labels of our fields.
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
LISTS: Final = tuple(one.name for one in LEAD_FIELDS if one.is_list)
NUMBERS: Final = ("estimated_value", "predicted_close_probability")
DAYS: Final = tuple(one.name for one in LEAD_FIELDS if one.is_date)
YEAR: Final = re.compile(r"[0-9]{4}")


class ColumnMap(NamedTuple):
    """`fields` maps a column (from 0) to its field. `ignored` are the headers without a field."""

    fields: Mapping[int, str]
    ignored: Sequence[str]


def columns(headers: Sequence[str], given: Mapping[str, str]) -> ColumnMap:
    """Find the field of each column. `given` maps a header to its field, or to `-` to leave it out.

    Raises NotAllowed if a field or header of `given` does not exist, two columns have one field, or no column is a
    phone or an e-mail.
    """
    if strange := [name for name in given.values() if name not in (*FIELDS_OF_IMPORTS, "-")]:
        raise NotAllowed("{field} is not a field. Fields: {fields}.", field=strange[0],
                         fields=", ".join(FIELDS_OF_IMPORTS))  # fmt: skip
    if absent := [name for name in given if name not in headers]:
        raise NotAllowed("The file has no column {column}. Columns: {columns}.", column=absent[0],
                         columns=", ".join(headers))  # fmt: skip
    found = guessed(headers, given)
    if twice := [name for name in set(found.values()) if list(found.values()).count(name) > 1]:
        raise NotAllowed("Two columns are {name}. Leave one of them out.", name=twice[0])
    if not {"phone", "email"} & set(found.values()):
        raise NotAllowed("No column is a phone or an e-mail. Choose the field of one.")
    return ColumnMap(found, [header for place, header in enumerate(headers) if place not in found])


def guessed(headers: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    """Return the field of each column that is given or has a known header."""
    fields = {place: given.get(header) or _field_of(header) for place, header in enumerate(headers)}
    return {place: name for place, name in fields.items() if name and name != "-"}


def values(cells: Sequence[object], columns: Mapping[int, str], phones: Phones) -> dict[str, Any]:
    """Return the fields of a row, without empty cells. Raises NotAllowed for a value that its field can't hold."""
    read = {name: _value(name, cells[place]) for place, name in columns.items() if place < len(cells)}
    given = {name: value for name, value in read.items() if value not in (None, "", [])}
    fields = with_country({name: value for name, value in given.items() if name != NOTE}, phones)
    for name, value in fields.items():
        BY_NAME[name].kind.parse(name, value)
    if not fields.get("phone") and not fields.get("email"):
        raise NotAllowed("the row has neither a phone nor an e-mail")
    return fields | ({NOTE: given[NOTE]} if NOTE in given else {})


def row_of(cells: Sequence[object], columns: Mapping[int, str], phones: Phones) -> dict[str, Any] | NotAllowed:
    """Return the fields of a row, or the error that refuses it."""
    try:
        return values(cells, columns, phones)
    except NotAllowed as error:
        return error


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
    """Convert a cell to what its field takes. Cells of spreadsheets may be numbers and dates."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if name in DAYS and isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    text = "" if cell is None else str(cell).strip()
    if name in LISTS:
        parts = [one.strip() for one in re.split(r"[,;]", text) if one.strip()]
        return [int(one) if YEAR.fullmatch(one) else one for one in parts] if name == "seasons" else parts
    if name in NUMBERS:
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        return float(text) if is_number else _number(name, text) if text else None
    allowed = BY_NAME[name].kind.schema.get("enum", ()) if name in BY_NAME else ()
    return next((one for one in allowed if one.lower() == text.lower()), text)


def _number(name: str, text: str) -> float:
    """Read 5.000.000, 5,000,000, Rp 5.000.000,50, 349000 or 0.25. Raises NotAllowed."""
    digits = re.sub(r"(?i)^rp\.?\s*|[\s]", "", text)
    if grouped := re.fullmatch(r"([1-9]\d{0,2}(?:\.\d{3})+)(,\d+)?|([1-9]\d{0,2}(?:,\d{3})+)(\.\d+)?", digits):
        whole, part = grouped[1] or grouped[3], grouped[2] or grouped[4] or ""
        digits = re.sub(r"[.,]", "", whole) + part
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        raise NotAllowed("{name} must be a number", name=name) from None
