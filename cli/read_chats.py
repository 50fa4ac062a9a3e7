"""`mirror read-chats`: one pass over the chats with something new, now."""

import argparse
import asyncio
import json
from dataclasses import asdict

from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.settings import WorkerSettings
from store.leads.reading import ReadingPass
from workers.extraction.__main__ import extraction_of, readers_of, refiner_of
from workers.extraction.suggest import suggest


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "If a worker is reading chats at this moment, this command does nothing and exits with 1. With MODEL_URL, the "
        "model then reads MODEL_CHATS_PER_MINUTE chats at most, besides those that it reads for a worker."
    )


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    async with database() as pool:
        readers = readers_of(settings, pool)
        extraction = extraction_of(settings, pool, readers)
        done = await extraction.run()
        if not done.skipped:
            if refiner := refiner_of(extraction, readers):
                await refiner.run(settings.model_chats_per_minute)
            await suggest(pool, readers.drafter)
        await readers.close()
    print(json.dumps(asdict(done)) if arguments.json else _line(done))
    return int(done.skipped)


def _line(done: ReadingPass) -> str:
    if done.skipped:
        return "Another pass is running. Try again in a minute."
    return (
        f"{done.due} chats with something new: {done.read} read, {done.unchanged} said nothing new, "
        f"{done.changed} leads changed, {done.suggested} suggestions, {done.busy} being edited just now"
    )
