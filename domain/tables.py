"""Read the table of a file: CSV in its usual forms, or the first sheet of a spreadsheet (pure)."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from domain.field_kinds import NotAllowed

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 20 * MEGABYTE
MOST_ROWS: Final = 50_000
# A spreadsheet is a ZIP file. Real ones unpack to 5 to 15 times their size.
UNPACKED_RATIO: Final = 8
SPREADSHEETS: Final = (".xlsx", ".xls", ".xlsb", ".ods")
DELIMITERS: Final = ",;\t|"


class Table(NamedTuple):
    """`rows` are rows of cells without empty ones; `numbers` are their numbers in the file, from 1."""

    headers: list[str]
    rows: list[Sequence[Any]]
    numbers: list[int]


class NoTable(NotAllowed):
    """The file holds no table that can be read. The text gives the reason."""


def read(name: str, content: bytes, *, most_bytes: int = MOST_BYTES) -> Table:
    """Return the table. The first row that is not empty holds the headers.

    The suffix of `name` decides between spreadsheet and text. `most_bytes` bounds the file; a spreadsheet may unpack to
    UNPACKED_RATIO times as much. Raises NoTable.
    """
    if len(content) > most_bytes:
        raise NoTable("The file is larger than {megabytes} MB. Split it.", megabytes=most_bytes // MEGABYTE)
    is_sheet = name.lower().endswith(SPREADSHEETS)
    found = _sheet(content, UNPACKED_RATIO * most_bytes) if is_sheet else _text(content)
    full = [(number, row) for number, row in enumerate(found, 1) if any(map(_text_of, row))]
    if len(full) < 2:
        raise NoTable("The file has no row below its headers.")
    if len(full) > MOST_ROWS + 1:
        raise NoTable("The file has more than {rows} rows. Split it.", rows=MOST_ROWS)
    headers = [_text_of(cell) for cell in full[0][1]]
    return Table(headers, [row for _, row in full[1:]], [number for number, _ in full[1:]])


def _text_of(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _sheet(content: bytes, most_unpacked: int) -> list[Sequence[Any]]:
    file = io.BytesIO(content)
    try:
        if zipfile.is_zipfile(file) and _unpacked(file) > most_unpacked:
            raise NoTable("The spreadsheet unpacks to more than {megabytes} MB. Save it as CSV.",
                          megabytes=most_unpacked // MEGABYTE)  # fmt: skip
        file.seek(0)
        return list(CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python())
    except (CalamineError, zipfile.BadZipFile, OSError, IndexError) as error:
        raise NoTable("The file is not a readable spreadsheet. Save it as XLSX or CSV.") from error


def _unpacked(file: io.BytesIO) -> int:
    """Return the size that the archive declares."""
    with zipfile.ZipFile(file) as archive:
        return sum(one.file_size for one in archive.infolist())


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
        raise NoTable("The file is not readable as CSV. Save it as CSV with UTF-8.") from error
