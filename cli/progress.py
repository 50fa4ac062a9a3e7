"""Plan, then go: a replay rehearsed or done, paced, with progress, and ended by Ctrl-C without harm."""

import argparse
import asyncio
import getpass
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from cli.filters import recorded
from cli.numbers import amount
from config.environment import load
from config.stores import DatabaseSettings
from store.ops import replays
from store.ops.replays import Counts
from store.postgres import Pool
from store.privacy.tombstones import Tombstones
from workers.drain.failures import describe
from workers.drain.mapping.values import bounds_at
from workers.jobs.paced_replay import PacedRun, replay_paced
from workers.jobs.replay import Outcomes, Replayer

Thing = TypeVar("Thing")
EXAMPLES = 20


class Progress:
    """A line that is renewed about once a second, where somebody looks at it."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total = total
        self._shown = not quiet and sys.stderr.isatty()
        self._told_at = 0.0

    def tell(self, done: int) -> None:
        if self._shown and time.monotonic() - self._told_at > 1:
            self._told_at = time.monotonic()
            print(f"\r{done} of {self._total}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._told_at:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def add_replay_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--go", action="store_true", help="do it; without this it is a dry run that changes nothing")
    parser.add_argument("--per-second", type=amount(0, above=True), default=100.0,
                        help="at most that many a second (default 100)")  # fmt: skip
    parser.add_argument("--by", default=None, help="who asks, for the record (default: the user of this system)")
    parser.add_argument("--verbose", action="store_true", help="say of each what becomes of it")


async def replay(
    pool: Pool,
    arguments: argparse.Namespace,
    *,
    kind: str,
    planned: int,
    things: AsyncIterator[Thing],
    one: Callable[[Replayer, Thing], Awaitable[Outcomes]],
    name: Callable[[Thing], str],
    to_go_on: str,
) -> int:
    """The exit code: 1 when something fails. `to_go_on` tells a user who cancelled it how to do the rest."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = load(DatabaseSettings)
    tombstones = Tombstones(settings.erasure_bytes)
    replayer = Replayer(
        pool,
        release=settings.release,
        go=arguments.go,
        tombstones=tombstones,
        bounds=lambda: bounds_at(datetime.now(UTC), most_events=settings.body_events_limit),
    )
    record = await _begin(pool, arguments, kind, planned) if arguments.go else None
    progress, state, run = Progress(planned, quiet=arguments.json), "cancelled", PacedRun()
    failures: list[dict[str, Any]] = []
    failure: str | None = None

    async def told(thing: Thing, outcomes: Outcomes) -> bool:
        failures.extend({"of": name(thing), "kind": f.kind, "error": f.error} for f in outcomes.failures)
        if arguments.verbose and not arguments.json:
            print(f"{name(thing)}: {outcomes.word}")
        progress.tell(run.done)
        return not stop.is_set()

    pace = arguments.per_second if arguments.go else None
    try:
        if await replay_paced(run, things, lambda thing: one(replayer, thing), told, per_second=pace):
            state = "done"
    except Exception as error:
        state, failure = "failed", describe(error)
        raise
    finally:
        progress.end()
        if record is not None:
            now = run.outcomes
            counts = Counts(run.done, now.applied, now.unchanged, now.ignored, now.failed)
            await replays.end(pool, record, counts, state=state, error=failure)
    _tell(arguments, record, planned, run.done, run.outcomes, failures, state)
    if arguments.go and state == "cancelled" and not arguments.json:
        print(to_go_on)
    return 1 if run.outcomes.failed or state == "cancelled" else 0


async def _begin(pool: Pool, arguments: argparse.Namespace, kind: str, planned: int) -> int:
    by = arguments.by or getpass.getuser()
    return await replays.begin(pool, by=by, kind=kind, wanted=recorded(arguments), planned=planned)


def _tell(
    arguments: argparse.Namespace,
    record: int | None,
    planned: int,
    done: int,
    total: Outcomes,
    failures: list[dict[str, Any]],
    state: str,
) -> None:
    counts = {"applied": total.applied, "unchanged": total.unchanged, "ignored": total.ignored, "failed": total.failed}
    if arguments.json:
        print(json.dumps({"replay": record, "planned": planned, "done": done, "state": state, **counts,
                          "failures": failures[:EXAMPLES]}))  # fmt: skip
        return
    for failure in failures[:EXAMPLES]:
        print(f"{failure['of']}: {failure['kind']}: {failure['error']}")
    if len(failures) > EXAMPLES:
        print(f"… and {len(failures) - EXAMPLES} more that fail")
    words = (f"{total.applied} applied, {total.unchanged} changed nothing (rows are as new or newer), "
             f"{total.ignored} ignored, {total.failed} failed")  # fmt: skip
    if arguments.go:
        print(f"replay {record} {state}, {done} of {planned}: {words}")
        return
    print(f"dry run, {done} of {planned}; of their events: {words}")
    if total.applied or total.unchanged or total.ignored:
        print("Nothing was changed. Add --go to do it.")
