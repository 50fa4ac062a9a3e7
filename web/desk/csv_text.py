"""CSV for spreadsheets. No cell is evaluated as a formula."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# Spreadsheets recognize UTF-8 by this mark.
BEGIN = "\ufeff"
# Spreadsheets of locales with a decimal comma expect this separator.
SEPARATORS = {"id": ";"}
NUMBER = re.compile(r"\+[0-9][0-9 -]*")


def separator_of(language: str) -> str:
    return SEPARATORS.get(language, ",")


def line(cells: Iterable[Any], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerow(cells)
    return text.getvalue()


def cell(value: Any, *, is_phone: bool = False) -> str:
    """Return the text of a cell. Text that begins like a formula gets an apostrophe; a phone number does not."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    formula = isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r")
    formula = formula and not (is_phone and NUMBER.fullmatch(text))
    return f"'{text}" if formula else text
