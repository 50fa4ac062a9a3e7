"""`mirror read-chats`: one pass over the chats with something new, now."""

import argparse
import asyncio
import json
from dataclasses import asdict

from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.settings import WorkerSettings
from store.leads.reading import ReadingPass
from workers.extraction.__main__ import chunk_of, model_of
from workers.extraction.extract import Extraction
from workers.extraction.known import Known
from workers.extraction.suggest import suggest


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "If a worker is reading chats at this moment, this command does nothing and exits with 1."


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    async with database() as pool:
        known = Known(bot=settings.bot_name, note_event=settings.note_event)
        asking, drafter = model_of(settings, pool)
        applies = settings.ai_status == "apply"
        chunk = chunk_of(asking)
        done = await Extraction(pool, known, asking, bot=settings.bot_name, chunk=chunk, ai_applies=applies).run()
        if not done.skipped:
            await suggest(pool, drafter)
        for reader in asking:
            await reader.close()
    print(json.dumps(asdict(done)) if arguments.json else _line(done))
    return int(done.skipped)


def _line(done: ReadingPass) -> str:
    if done.skipped:
        return "Another pass is running. Try again in a minute."
    return (
        f"{done.due} chats with something new: {done.read} read, {done.unchanged} said nothing new, "
        f"{done.changed} leads changed, {done.suggested} suggestions, {done.busy} being edited just now"
    )
