"""`mirror leads import`: import leads from a CSV file or a spreadsheet. Without --go it is a dry run."""

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
from domain.tables import read
from store.leads import imports
from store.leads.imports import ImportedRow
from store.leads.leads import Actor
from store.postgres import Pool

SHOWN = 20
EPILOG = f"""The first row holds the headers. Usual ones (nama, no hp, kota …) are recognized; map others with --map.
Fields: {", ".join(FIELDS_OF_IMPORTS)}.
A row updates the lead of its phone or e-mail, or adds one. If a person set another value, that value stays, and the
row's becomes a suggestion.

examples:
  mirror leads import fair.xlsx
  mirror leads import fair.xlsx --map "Toko=business_type" --map "Ket=-" --go
  mirror leads undo-import 3
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help="CSV (UTF-8; comma, semicolon, tab or |), XLSX, XLS, XLSB or ODS")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="the field of a column; - leaves it out",
    )
    parser.add_argument("--go", action="store_true", help="import; without it, only report the outcome of each row")


def add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=int, help="the number of the import")


async def run(arguments: argparse.Namespace) -> int:
    try:
        given = dict(_pair(text) for text in arguments.map)
        table = read(arguments.file.name, arguments.file.read_bytes())
        chosen = columns(table.headers, given)
    except (NotAllowed, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    phones = load(DatabaseSettings).phones
    given_rows = [row_of(row, chosen.fields, phones) for row in table.rows]
    if chosen.ignored and not arguments.json:
        print(f"columns without a field: {', '.join(chosen.ignored)}. Map them with --map COLUMN=FIELD.")
    async with database() as pool:
        return await _import(pool, arguments, given_rows, table.numbers)


async def undo(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        done = await imports.undo(pool, arguments.number, by=Actor(Source.HUMAN, f"user:{getpass.getuser()}"))
    if done is None:
        print(f"import {arguments.number} does not exist, or is undone already", file=sys.stderr)
        return 1
    text = f"{done.removed} leads deleted, {done.restored} restored to old values, {done.kept} kept with later changes"
    print(json.dumps(done._asdict()) if arguments.json else text)
    return 0


async def _import(
    pool: Pool, arguments: argparse.Namespace, table: list[dict[str, Any] | NotAllowed], numbers: list[int]
) -> int:
    """`numbers` are those of the rows in the file."""
    id = await imports.begin(pool, arguments.file.name, by=f"user:{getpass.getuser()}") if arguments.go else None
    counts, remarks = Counter[Any](), list[str]()
    progress = Progress(len(table), quiet=arguments.json)
    number = iter(numbers)
    async for row in imports.rows(pool, table, id):
        counts[row.outcome] += 1
        remarks += _line(next(number), row)
        progress.tell(counts.total())
    progress.end()
    if id is not None:
        await imports.end(pool, id, counts)
    _report(arguments, id, counts, remarks)
    return 1 if counts["refused"] else 0


def _line(number: int, row: ImportedRow) -> list[str]:
    if row.outcome == "refused":
        return [f"row {number} is refused: {row.reason}"]
    if row.doubles:
        return [f"row {number} may be a double: lead {row.doubles[0]} has the same name"]
    return []


def _report(arguments: argparse.Namespace, id: int | None, counts: Counter[Any], remarks: list[str]) -> None:
    if arguments.json:
        print(json.dumps({"import": id, **counts, "remarks": remarks}))
        return
    print(*remarks[:SHOWN], sep="\n", end="\n" if remarks else "")
    if len(remarks) > SHOWN:
        print(f"… and {len(remarks) - SHOWN} more; --json prints all")
    verb = "are" if id is not None else "would be"
    rest = f"{counts['changed']} changed, {counts['unchanged']} unchanged, {counts['refused']} refused"
    print(f"{counts['added']} {verb} added, {rest}")
    if id is None:
        print("This was a dry run. Add --go to import.")
    else:
        print(f"This is import {id}. Undo it with: mirror leads undo-import {id}")


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise NotAllowed(f"--map {text}: write COLUMN=FIELD")
    return column, field
