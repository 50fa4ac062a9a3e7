"""`mirror reconcile`: compare with Kapso over REST, and repair what is missing or stale here."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from cli.filters import WHEN, moment
from cli.kapso import Opened, kapso, run_reporting_kapso_errors
from kapso.client import KapsoError, Priority
from store.mirror import reconcile
from store.mirror.reconcile import ComparisonCounts
from store.privacy.tombstones import Tombstones
from workers.poll import full_pass
from workers.poll.compare import Comparer
from workers.poll.poll import Poll, numbers


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=moment, help=f"all that was made or active since then: {WHEN} "
                        "(default: from where polling was left). May be before the mirror began")  # fmt: skip
    parser.add_argument("--until", type=moment, help="end of the window (default: now; needs --since)")
    parser.add_argument("--contacts", action="store_true",
                        help="compare all contacts instead, and flag those that Kapso deleted")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    if wrong := _wrong(arguments):
        print(wrong, file=sys.stderr)
        return 2
    return asyncio.run(run_reporting_kapso_errors(lambda: _run(arguments)))


def _wrong(arguments: argparse.Namespace) -> str | None:
    if arguments.until and not arguments.since:
        return "--until needs --since: a window has a beginning."
    if arguments.contacts and arguments.since:
        return "--contacts compares all contacts: leave --since and --until out."
    if arguments.since and arguments.until and arguments.until <= arguments.since:
        return "--until must be later than --since."
    return None


async def _run(arguments: argparse.Namespace) -> int:
    async with kapso() as opened:
        begun, found = datetime.now(UTC), ComparisonCounts()
        until, failure = arguments.until or begun, "it was interrupted"
        try:
            await _work(opened, arguments, until, found)
            failure = "; ".join(found.troubles)
        except KapsoError as error:
            failure = str(error)
            raise
        finally:
            kind = "contacts" if arguments.contacts else "asked"
            await reconcile.keep_run(opened.pool, kind, found, began_at=begun, since=arguments.since, until=until,
                                     error=failure or None)  # fmt: skip
    for trouble in found.troubles:
        print(f"Not compared: {trouble}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"checked": found.checked, "equal": found.equal, "missing": found.missing,
                          "repaired": dict(found.repaired), "extra": found.extra, "late": found.late,
                          "troubles": found.troubles}))  # fmt: skip
    else:
        _tell(found)
    return 1 if found.missing or found.repaired or found.extra or found.troubles else 0


async def _work(opened: Opened, arguments: argparse.Namespace, until: datetime, found: ComparisonCounts) -> None:
    settings, pool, client = opened.settings, opened.pool, opened.client
    grace = timedelta(seconds=settings.poll_grace_seconds)
    heard = None if arguments.json else _progress
    tombstones = Tombstones(settings.erasure_bytes)
    comparer = Comparer(pool, release=settings.release, grace=grace, heard=heard, tombstones=tombstones)
    if arguments.contacts:
        await full_pass.contacts(pool, client, comparer, found)
        return
    poll, ours = Poll(pool, client, comparer), await numbers(pool, client, Priority.REPAIR)
    if arguments.since is None:
        await poll.fresh(ours, found)
    else:
        await poll.window(ours, arguments.since, until, Priority.REPAIR, found=found)


def _progress(event: str, page: ComparisonCounts) -> None:
    if sys.stderr.isatty():
        print(f"\r{event}: {page.checked} more compared ", end="", file=sys.stderr, flush=True)


def _tell(found: ComparisonCounts) -> None:
    print(f"{found.checked} compared: {found.equal} equal, {found.missing} were missing here, "
          f"{sum(found.repaired.values())} fields repaired, {found.extra} gone at Kapso")  # fmt: skip
    for name, count in found.repaired.most_common():
        print(f"  {name}: {count}")
    if found.late:
        print(f"{found.late} of them should have been pushed long before: see mirror webhooks check")
