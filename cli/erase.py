"""`mirror erase`: one person, everywhere."""

import argparse
import asyncio
import getpass
import json
import sys

from cli.person import FORMS, find_person
from cli.stores import run_reporting_store_errors, stores
from config.environment import load
from config.stores import StoreSettings
from domain.erasure import NoKey
from store.mirror.bodies import TooMuchWaits
from store.privacy import erase
from store.privacy.erase import Erasure
from store.privacy.person import StoredPerson
from store.privacy.tombstones import Tombstones

KEY = (
    "ERASURE_KEY is not set. It keys the tombstones that keep an erased person from coming back by a late webhook, "
    "a poll or a replay. Set it (any 16 or more characters, for workers too) and keep it."
)
ANOTHER_KEY = "Earlier erasures used another ERASURE_KEY. Set that key: with this one, erased people would come back."
WAITS = "Too many deliveries wait in the inbox. Run this again once the workers have caught up (see mirror status)."
# One look through a large table.
SEARCH_SECONDS = 3600.0
UNFINISHED = """
Not finished: something of this person is still stored. What was done stands, and nothing of them comes back meanwhile.
Run this again, and it goes on: mirror erase {contact}"""
BEYOND = """Not reached from here, and yours to look after:
  - backups of Postgres and Redis, the write-ahead log and replicas that lag: they forget when they expire
  - Kapso itself: delete the contact there too
  - files that somebody exported, and a language model's provider, if one read the chat"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", help=FORMS)
    parser.add_argument("--dry-run", action="store_true", help="only say who is meant and how much there is")
    parser.add_argument("--yes", action="store_true", help="do not ask again; needed where nobody can be asked")
    parser.add_argument("--by", default=None, help="who erases, for the record (default: the user of this system)")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = load(StoreSettings)
    if settings.erasure_bytes is None:
        print(KEY, file=sys.stderr)
        return 2
    async with stores(timeout=SEARCH_SECONDS) as (pool, redis, shards):
        who = await find_person(pool, arguments.contact, settings.phones)
        if isinstance(who, int):
            return who
        if arguments.dry_run or not _sure(arguments, who):
            _plan(arguments, who)
            # A script that meant to erase must not believe that it did.
            return 0 if arguments.dry_run or sys.stdin.isatty() else 2
        by = arguments.by or f"user:{getpass.getuser()}"
        tell = _quiet if arguments.json else _tell
        tombstones = Tombstones(settings.erasure_bytes)
        try:
            done = await erase.erase(pool, redis, who, tombstones, shards=shards, by=by, tell=tell)
        except NoKey:
            print(ANOTHER_KEY, file=sys.stderr)
            return 2
        except BaseException as error:
            print(UNFINISHED.format(contact=who.contact_id), file=sys.stderr)
            if not isinstance(error, TooMuchWaits):
                raise
            print(WAITS, file=sys.stderr)
            return 1
    _told(arguments, who, done)
    return 0


def _sure(arguments: argparse.Namespace, who: StoredPerson) -> bool:
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        print("This is not a terminal, so nothing was erased. Add --yes to erase without a question.", file=sys.stderr)
        return False
    print(f"{len(who.messages)} messages in {len(who.conversations)} conversations will be gone for good.")
    return input("Type erase to go on: ").strip() == "erase"


def _plan(arguments: argparse.Namespace, who: StoredPerson) -> None:
    counts = {"names": len(who.names), "conversations": len(who.conversations), "messages": len(who.messages)}
    if arguments.json:
        print(json.dumps({"contact_id": str(who.contact_id), "lead_id": str(who.lead_id), **counts}))
        return
    print(f"contact {who.contact_id}, lead {who.lead_id}")
    print(", ".join(f"{count} {name}" for name, count in counts.items()) + "; nothing was changed")


def _told(arguments: argparse.Namespace, who: StoredPerson, done: Erasure) -> None:
    if arguments.json:
        told = {"contact_id": str(who.contact_id), "rows": done.rows, "bodies": done.bodies}
        print(json.dumps(told | {"redis": done.aof}))
        return
    print(f"Erased contact {who.contact_id}.")
    print("  rows     " + ", ".join(f"{count} {name}" for name, count in done.rows.items() if count))
    print("  bodies   " + (", ".join(f"{count} in {name}" for name, count in done.bodies.items() if count) or "none"))
    print(f"  Redis    {done.aof}")
    print(f"  left     {len(who.names) + len(who.conversations) + len(who.messages)} tombstones (keyed hashes)")
    print(BEYOND)


def _tell(step: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{step} …", end="", file=sys.stderr, flush=True)


def _quiet(_: str) -> None:
    pass
