"""Tables out of files: CSV in any usual form, and the first sheet of a spreadsheet (pure)."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 50_000
SPREADSHEETS: Final = (".xlsx", ".xls", ".xlsb", ".ods")
DELIMITERS: Final = ",;\t|"


class NoTable(Exception):
    """The file is no table; the text says why."""


def read(name: str, content: bytes) -> list[Sequence[Any]]:
    """Rows of cells, the first with the headers. `name` is the file's, whose end says of which kind it is.

    Raises NoTable.
    """
    if len(content) > MOST_BYTES:
        raise NoTable(f"the file is larger than {MOST_BYTES // 1024 // 1024} MB")
    found = _sheet(content) if name.lower().endswith(SPREADSHEETS) else _text(content)
    table = [row for row in found if any(str(cell).strip() for cell in row if cell is not None)]
    if len(table) < 2:
        raise NoTable("the file has no row below its headers")
    if len(table) > MOST_ROWS + 1:
        raise NoTable(f"the file has more than {MOST_ROWS:,} rows; split it")
    return table


def headers_of(table: Sequence[Sequence[Any]]) -> list[str]:
    return [str(cell or "").strip() for cell in table[0]]


def _sheet(content: bytes) -> list[Sequence[Any]]:
    try:
        return list(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python())
    except (CalamineError, OSError) as error:
        raise NoTable(f"the file is no spreadsheet ({error})") from error


def _text(content: bytes) -> list[Sequence[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise NoTable(f"the file is no CSV ({error})") from error
