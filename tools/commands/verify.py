"""`dev.py verify`: hold every row against a ledger, and wait first until the inbox is empty."""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

from cli.numbers import amount
from config.environment import load
from config.stores import StoreSettings
from store import redis
from store.inbox import inbox
from tools.simulator import ledger
from tools.simulator.checker.compare import ComparisonReport, compare


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ledger", required=True, type=Path, help="what `dev.py simulate` wrote")
    parser.add_argument(
        "--wait", type=amount(0, 86_400), default=30, help="seconds to wait for the inbox to run empty (default 30)"
    )


def run(arguments: argparse.Namespace) -> int:
    if not arguments.ledger.exists():
        print(f"{arguments.ledger} is not there. `dev.py simulate --ledger FILE` writes one.", file=sys.stderr)
        return 2
    try:
        report = asyncio.run(_verify(arguments.ledger, arguments.wait))
    except (ledger.Unreadable, IsADirectoryError) as error:
        print(error, file=sys.stderr)
        return 2
    if not arguments.json:
        _explain(report)
    print(json.dumps(summary(report)))
    return 0 if report.is_right else 1


async def _verify(path: Path, patience: float) -> ComparisonReport:
    settings = load(StoreSettings)
    client = redis.connect(settings.redis_url.get_secret_value())
    until = time.monotonic() + patience
    try:
        while (left := (await inbox.waiting(client, settings.inbox_shards)).deliveries) and time.monotonic() < until:
            await asyncio.sleep(0.1)
    finally:
        await client.aclose()
    return await compare(settings.database_url.get_secret_value(), path, left)


def summary(report: ComparisonReport) -> dict[str, object]:
    counts = ("accepted", "applied", "ignored", "dead", "waiting", "missing", "wrong", "extra", "lost")
    return {name: getattr(report, name) for name in counts} | {"freshness_ms": report.freshness_ms}


def _explain(report: ComparisonReport) -> None:
    if not report.accepted:
        print("nothing    was accepted, so nothing is proven")
    print(f"books      {report.accepted} events accepted = {report.applied} applied + {report.ignored} ignored "
          f"+ {report.dead} dead, {report.waiting} deliveries waiting")  # fmt: skip
    if report.lost:
        print(f"lost       {report.lost} accepted events by Redis, in windows that were read again")
    print(f"rows       {report.rows} expected, {report.missing} missing, {report.wrong} wrong, {report.extra} extra")
    for column, count in report.wrong_columns.most_common():
        print(f"           wrong {column}: {count}")
    for example in report.examples:
        print(f"           {example}")
    print(f"freshness  {_times(report.freshness_ms)}  from the scheduled send to the committing statement")
    print(f"answers    {_times(report.acknowledgement_ms)}  from the scheduled send to the 200")


def _times(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value} ms" for name, value in values.items()) or "none"
