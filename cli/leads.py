"""`mirror leads`: the lead list, as a table or as JSON lines of the same rows."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

import asyncpg
import orjson

from cli import lead_import
from cli.numbers import whole
from cli.stores import database, run_reporting_store_errors
from domain.lead import STATUSES
from domain.lead_fields import PHASES, TEMPERATURES
from domain.lead_filter import LeadFilter, narrowed_by_search
from domain.search import QUALIFIERS
from store.leads import lead_list

ACTIONS = {"import": lead_import.run, "undo-import": lead_import.undo}
COLUMNS = (("who", 28), ("city", 18), ("business", 22), ("status", 10), ("temp", 9), ("score", 6), ("why", 60))


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", action="append", choices=STATUSES, help="any of them; give it again for more")
    parser.add_argument("--temperature", action="append", choices=TEMPERATURES, help="any of them")
    parser.add_argument("--phase", action="append", choices=PHASES, help="any of them")
    parser.add_argument("--city", help="by its official name, in any case")
    parser.add_argument("--score", type=whole(0, 100), help="at least that")
    parser.add_argument(
        "--search", default="", metavar="TEXT", help="as in the dashboard: a name, a number, city:bandung"
    )
    parser.add_argument("--owner", action="append", metavar="USER", help="of this user; - for nobody's")
    parser.add_argument("--tag", action="append", help="any of them")
    parser.add_argument("--waiting", action="store_true", help="only those that wait for our answer")
    parser.add_argument(
        "--limit", type=whole(1, 100_000), default=20, help="how many, newest message first (default 20)"
    )

    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    lead_import.add(actions.add_parser("import", help="import leads from a CSV file or a spreadsheet"))
    lead_import.add_undo(actions.add_parser("undo-import", help="undo an import, except for later changes"))


def run(arguments: argparse.Namespace) -> int:
    act = ACTIONS.get(arguments.action, _run)
    return asyncio.run(run_reporting_store_errors(lambda: act(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    chosen = LeadFilter(
        status=arguments.status,
        temperature=arguments.temperature,
        phase=arguments.phase,
        city=arguments.city,
        least_score=arguments.score,
        owner=arguments.owner,
        tag=arguments.tag,
        awaiting_reply=True if arguments.waiting else None,
    )
    wanted, strange = narrowed_by_search(chosen, arguments.search)
    if strange:
        print(
            f"not understood: {' '.join(strange)}; try {', '.join(f'{name}:…' for name in QUALIFIERS)}", file=sys.stderr
        )
        return 2
    async with database() as pool:
        page = await lead_list.page(pool, wanted, limit=arguments.limit)
    if arguments.json:
        print(orjson.dumps({"leads": [_plain(row) for row in page.leads]}, default=str).decode())
        return 0
    if not page.leads:
        print("no lead fits that")
        return 0
    print("  ".join(name.ljust(width) for name, width in COLUMNS).rstrip())
    for row in page.leads:
        print("  ".join(_cut(text, width) for text, (_, width) in zip(_cells(row), COLUMNS, strict=True)).rstrip())
    if page.next:
        print("… and more: --limit, or narrow it")
    return 0


def _cells(row: asyncpg.Record) -> list[str]:
    known_as = row["phone"] or (f"@{row['username']}" if row["username"] else "")
    who = " ".join(part for part in (row["name"], known_as) if part)
    shown = (who, row["domisili"], row["business_type"], row["status"], row["lead_temperature"], row["lead_score"])
    return ["" if cell is None else str(cell) for cell in (*shown, row["score_because"])]


def _cut(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def _plain(row: asyncpg.Record) -> dict[str, object]:
    plain = dict(row)
    plain["signals"] = orjson.loads(row["signals"])
    for name in ("recency", "received_rank"):
        if row[name].year < datetime(1900, 1, 1, tzinfo=UTC).year:
            plain[name] = None
    return plain
