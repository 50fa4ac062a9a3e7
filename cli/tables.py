"""Tables out of files: CSV in any usual form, and the first sheet of a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 50_000
SPREADSHEETS: Final = (".xlsx", ".xls", ".xlsb", ".ods")
DELIMITERS: Final = ",;\t|"


class NoTable(Exception):
    """The file is no table; the text says why."""


def read(path: Path) -> list[Sequence[Any]]:
    """Rows of cells, the first with the headers. Raises NoTable, OSError."""
    if path.stat().st_size > MOST_BYTES:
        raise NoTable(f"{path} is larger than {MOST_BYTES // 1024 // 1024} MB")
    found = _sheet(path) if path.suffix.lower() in SPREADSHEETS else _text(path.read_bytes())
    table = [row for row in found if any(str(cell).strip() for cell in row if cell is not None)]
    if len(table) < 2:
        raise NoTable(f"{path} has no row below its headers")
    if len(table) > MOST_ROWS + 1:
        raise NoTable(f"{path} has more than {MOST_ROWS:,} rows; split it")
    return table


def _sheet(path: Path) -> list[Sequence[Any]]:
    try:
        return list(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())
    except CalamineError as error:
        raise NoTable(f"{path} is no spreadsheet ({error})") from error


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
        raise NoTable(f"it is no CSV ({error})") from error
