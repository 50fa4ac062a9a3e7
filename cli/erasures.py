"""`mirror erasures`: the ledger of who was erased, kept beside backups and applied to what is restored from them."""

import argparse
import asyncio
import getpass
import json
import sys
from datetime import datetime
from pathlib import Path

from cli.stores import run_reporting_store_errors, stores
from config.environment import load
from config.stores import StoreSettings
from domain.erasure import NoKey
from store.privacy import erase, ledger
from store.privacy.ledger import AnotherKey, Ledger
from store.privacy.person import person
from store.privacy.tombstones import Tombstones

SEARCH_SECONDS = 3600
WRONG_KEY = "The file was written with another ERASURE_KEY. Set the one that people were erased with."
NO_KEY = "ERASURE_KEY is not set. Set the one that people were erased with."


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export", help="write the ledger (keyed hashes and times, no names): run it with every backup"
    )
    export.add_argument("file", type=Path, help="output file (overwritten); - is the standard output")
    restore = actions.add_parser(
        "restore", help="erase again whom a backup brought back: run it before you start the services"
    )
    restore.add_argument("file", type=Path, help="the newest ledger, newer than the backup; - is the standard input")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    key = load(StoreSettings).erasure_bytes
    async with stores(timeout=SEARCH_SECONDS) as (pool, redis, shards):
        if arguments.action == "export":
            return _written(arguments, await ledger.read(pool))
        if key is None:
            print(NO_KEY, file=sys.stderr)
            return 2
        known, tombstones = read_file(arguments.file), Tombstones(key)
        if known is None:
            print(
                f"{arguments.file} is not a complete ledger. Write one with mirror erasures export FILE.",
                file=sys.stderr,
            )
            return 2
        try:
            known = await ledger.lay(pool, known, tombstones)
        except (AnotherKey, NoKey):
            print(WRONG_KEY, file=sys.stderr)
            return 2
        found = [id async for id in ledger.brought_back(pool, known, tombstones)]
        for number, id in enumerate(found, 1):
            print(f"erasing {number} of {len(found)}", file=sys.stderr)
            if who := await person(pool, str(id)):
                await erase.erase(pool, redis, who, tombstones, shards=shards, by=f"user:{getpass.getuser()}")
        await ledger.keep_times(pool, known)
    text = f"{len(found)} people whom the backup brought back are erased again."
    print(json.dumps({"erased": len(found)}) if arguments.json else text)
    return 0


def _written(arguments: argparse.Namespace, known: Ledger) -> int:
    lines = [json.dumps({"token": token.hex(), "erased_at": at.isoformat()}) for token, at in known.items()]
    # The last line holds the count: without it, or with another count, the file is truncated.
    text = "".join(f"{line}\n" for line in (*lines, json.dumps({"tombstones": len(lines)})))
    if str(arguments.file) == "-":
        print(text, end="")
        return 0
    arguments.file.write_text(text, encoding="utf-8")
    told = f"{arguments.file}: {len(lines)} tombstones"
    print(json.dumps({"tombstones": len(lines)}) if arguments.json else told)
    return 0


def read_file(path: Path) -> Ledger | None:
    """Return None if the file is not a ledger or is truncated; `-` is the standard input. Raises OSError."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        *rows, end = [json.loads(line) for line in text.splitlines()]
        if end["tombstones"] != len(rows):
            return None
        return {bytes.fromhex(row["token"]): datetime.fromisoformat(row["erased_at"]) for row in rows}
    except (ValueError, KeyError, TypeError):
        return None
