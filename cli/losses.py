"""`mirror losses`: accepted deliveries that Redis lost, and what was done about them."""

import argparse
import asyncio
import getpass
import json

from cli.stores import database, run_reporting_store_errors
from store.inbox import watermarks
from store.inbox.watermarks import Loss
from store.ops import alarms
from workers.poll.losses import ALARM

EPILOG = (
    "The worker notices a loss and reads its window again over REST by itself. What Kapso's API does not give back "
    "(the alarm lists the kinds) is lost for good. Acknowledging ends the alarm; the list keeps the loss."
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument(
        "action", nargs="?", choices=("list", "acknowledge"), default="list", help="list (default), or end the alarm"
    )
    parser.add_argument(
        "--by", default=None, help="who acknowledges, for the record (default: the user of this system)"
    )


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        if arguments.action == "acknowledge":
            count = await watermarks.acknowledge(pool, by=arguments.by or getpass.getuser())
            await alarms.clear(pool, ALARM)
            print(json.dumps({"acknowledged": count}) if arguments.json else f"{count} losses acknowledged")
            return 0
        found = await watermarks.losses(pool, only_open=False)
    if arguments.json:
        print(json.dumps([loss._asdict() for loss in found], default=str))
    else:
        print("\n".join(_line(loss) for loss in found) or "No accepted delivery was ever lost.")
    return 1 if any(loss.acknowledged_at is None for loss in found) else 0


def _line(loss: Loss) -> str:
    window = f"{loss.since:%Y-%m-%d %H:%M:%S} to {loss.until:%Y-%m-%d %H:%M:%S} UTC"
    repaired = "not read again yet" if loss.missing is None else f"read again: {loss.missing} rows were missing"
    by = f"acknowledged by {loss.acknowledged_by}" if loss.acknowledged_by else "open"
    return f"{loss.id:>6}  stream {loss.shard}: up to {loss.deliveries} deliveries, {window}; {repaired}; {by}"
