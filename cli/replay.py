"""`mirror replay`: apply stored deliveries again, dead or not."""

import argparse
import asyncio
from datetime import UTC, datetime

from cli import filters
from cli.progress import add_replay_options, replay
from cli.stores import database, run_reporting_store_errors
from store.mirror import deliveries
from store.mirror.deliveries import ReplayWindow


def add(parser: argparse.ArgumentParser) -> None:
    when = f"received since then: {filters.WHEN}"
    parser.add_argument("--since", type=filters.moment, required=True, help=when)
    parser.add_argument("--until", type=filters.moment, help="and before then (default: now)")
    parser.add_argument("--event", help="only of this event")
    parser.add_argument("--source", choices=("push", "poll"), help="only what came this way")
    add_replay_options(parser)


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    window = ReplayWindow(arguments.since, arguments.until or datetime.now(UTC), arguments.event, arguments.source)
    async with database(by_key=True) as pool:
        return await replay(
            pool,
            arguments,
            kind="deliveries",
            planned=await deliveries.count(pool, window),
            things=deliveries.stored(pool, window),
            one=lambda replayer, delivery: replayer.delivery(delivery),
            name=lambda delivery: f"delivery {delivery.id}",
            to_go_on="What was applied stays applied. The same command begins again at --since: applying twice changes"
            " nothing.",
        )
