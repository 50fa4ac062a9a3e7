"""`mirror leads import`: leads out of a CSV file or a spreadsheet; first a dry run, with --go for real."""

import argparse
import getpass
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cli.progress import Progress
from cli.stores import database
from config.environment import load
from config.stores import DatabaseSettings
from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_import import FIELDS_OF_IMPORTS, columns, row_of
from domain.tables import NoTable, headers_of, read
from store.leads import imports
from store.leads.imports import ImportedRow
from store.leads.leads import Actor
from store.postgres import Pool

SHOWN = 20
EPILOG = f"""The first row holds headers. Columns are known by name (nama, phone, no hp, kota …) or by --map.
Fields: {", ".join(FIELDS_OF_IMPORTS)}.
Rows are found by phone, else by e-mail. What a person wrote stays: a row that says otherwise becomes a suggestion.

examples:
  mirror leads import fair.xlsx
  mirror leads import fair.xlsx --map "Toko=business_type" --map "Ket=-" --go
  mirror leads undo-import 3
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help="CSV (UTF-8; comma, semicolon or tab), XLSX, XLS or ODS")
    parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="`-` leaves a column out")
    parser.add_argument("--go", action="store_true", help="do it; without, say what would become of each row")


def add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=int, help="of the import, as it was printed")


async def run(arguments: argparse.Namespace) -> int:
    try:
        given = dict(_pair(text) for text in arguments.map)
        table = read(arguments.file.name, arguments.file.read_bytes())
        chosen = columns(headers_of(table), given)
    except (NoTable, NotAllowed, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    phones = load(DatabaseSettings).phones
    said = [row_of(row, chosen.fields, phones) for row in table[1:]]
    if chosen.ignored and not arguments.json:
        print(f"columns that no field is known for: {', '.join(chosen.ignored)} (--map COLUMN=FIELD)")
    async with database() as pool:
        return await _do(pool, arguments, said)


async def undo(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        done = await imports.undo(pool, arguments.number, by=Actor(Source.HUMAN, f"user:{getpass.getuser()}"))
    if done is None:
        print(f"there is no import {arguments.number} that could be undone", file=sys.stderr)
        return 1
    text = (
        f"{done.removed} leads are out of sight, {done.restored} have their old values, {done.kept} keep later changes"
    )
    print(json.dumps(done._asdict()) if arguments.json else text)
    return 0


async def _do(pool: Pool, arguments: argparse.Namespace, table: list[dict[str, Any] | str]) -> int:
    id = await imports.begin(pool, arguments.file.name, by=f"user:{getpass.getuser()}") if arguments.go else None
    counts, told = Counter[Any](), list[str]()
    progress = Progress(len(table), quiet=arguments.json)
    async for row in _numbered(imports.rows(pool, table, id)):
        counts[row[1].outcome] += 1
        told += _line(*row)
        progress.tell(counts.total())
    progress.end()
    if id is not None:
        await imports.end(pool, id, counts)
    _tell(arguments, id, counts, told)
    return 1 if counts["refused"] else 0


async def _numbered(rows: Any) -> Any:
    """With the number of its row in the file: the headers are the first."""
    number = 1
    async for row in rows:
        number += 1
        yield number, row


def _line(number: int, row: ImportedRow) -> list[str]:
    if row.outcome == "refused":
        return [f"row {number} is refused: {row.reason}"]
    if row.doubles:
        return [f"row {number} may be a double: {len(row.doubles)} lead has the same name ({row.doubles[0]})"]
    return []


def _tell(arguments: argparse.Namespace, id: int | None, counts: Counter[Any], told: list[str]) -> None:
    if arguments.json:
        print(json.dumps({"import": id, **counts, "remarks": told}))
        return
    print(*told[:SHOWN], sep="\n", end="\n" if told else "")
    if len(told) > SHOWN:
        print(f"… and {len(told) - SHOWN} more; --json has them all")
    verb = "are" if id is not None else "would be"
    rest = f"{counts['changed']} changed, {counts['unchanged']} left, {counts['refused']} refused"
    print(f"{counts['added']} {verb} added, {rest}")
    if id is None:
        print("Nothing is changed yet. Add --go to import.")
    else:
        print(f"This is import {id}. To take it back: mirror leads undo-import {id}")


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise NotAllowed(f"--map {text}: write COLUMN=FIELD")
    return column, field
