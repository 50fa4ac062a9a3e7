"""`mirror prune`: drop what is older than the retention settings say. Workers do it daily by themselves."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from cli.stores import run_reporting_store_errors, stores
from config.environment import load
from config.settings import WorkerSettings
from store.privacy import retention
from store.privacy.retention import Retention
from store.privacy.tombstones import Tombstones

NOTHING = (
    "No setting limits messages, dead letters or leads, so nothing is deleted: set MESSAGE_DAYS, DEAD_LETTER_DAYS or "
    "LEAD_DAYS. Workers delete deliveries, handoffs, the access log and media by settings of their own."
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only count what is too old")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    keep = Retention(settings.message_days, settings.dead_letter_days, settings.lead_days)
    if not keep:
        print(NOTHING, file=sys.stderr)
    async with stores() as (pool, redis, shards):
        if arguments.dry_run:
            done = await retention.old(pool, keep)
        else:
            tombstones = Tombstones(settings.erasure_bytes)
            done = await retention.prune(pool, redis, keep, tombstones, shards=shards)
    if arguments.json:
        print(json.dumps(asdict(done)))
    else:
        what = "too old" if arguments.dry_run else "dropped"
        print(f"{what}: {done.messages} messages, {done.dead_letters} dead letters, {done.leads} leads")
    return 0
