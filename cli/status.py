"""`mirror status`: what waits and for how long, what needs a person, how fresh and how complete the mirror is."""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
from datetime import UTC, datetime, timedelta

from cli.stores import stores
from store.ops.status import Chats, MirrorStatus, status

LOOK_BACK = timedelta(hours=1)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="one line that is renewed every second, until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(_watch() if arguments.watch else _once(as_json=arguments.json))


async def _once(*, as_json: bool) -> int:
    async with stores() as (pool, client, shards):
        now = await status(pool, client, shards, datetime.now(UTC) - LOOK_BACK)
    if as_json:
        more = {"waiting": now.waiting, "oldest_seconds": now.oldest_seconds, "problems": now.problems}
        more |= {"review": now.review}
        print(json.dumps(_plain(now) | more, default=str))
    else:
        _tell(now)
    return 1 if now.problems else 0


def _tell(now: MirrorStatus) -> None:
    if now.received is not None:
        print(f"last hour  {now.received} deliveries received; events: {now.applied} applied, {now.ignored} ignored, "
              f"{now.dead} dead")  # fmt: skip
    if now.dropped or now.without_contact:
        print(f"odd        {now.without_contact} messages without a contact; {now.dropped} odd values left out")
    spilled = f"; {now.spill.deliveries} of them in the spill" if now.spill and now.spill.deliveries else ""
    print(f"waiting    {now.waiting}, the oldest for {now.oldest_seconds} s{spilled}")
    if now.received is not None:
        print(f"rate       {now.per_second} deliveries/s over the last minute")
        print(f"freshness  p50 {now.freshness_p50_ms} ms, p99 {now.freshness_p99_ms} ms over the last minute")
        print(f"last       received {_when(now.last_received_at)}, settled {_when(now.last_settled_at)}")
    for drain in now.drains:
        print(f"drain {drain.shard}    seen {drain.seen_seconds:.1f} s ago, complete to {_when(drain.complete_to)}")
    for loop in now.loops:
        state = f"; {loop.waits_for}" if loop.waits_for else ""
        print(f"loop       {loop.name}: progress {loop.progress_seconds:.0f} s ago{state}")
    _tell_polls(now)
    if now.chats:
        print(f"leads      {now.chats.leads}: {now.chats.known} known, {now.chats.warm} warm, {now.chats.hot} hot")
        print(f"chats      {_chats(now.chats)}")
    if now.unrecognized_facts:
        names = ", ".join(f"{fact.name} ({fact.readings})" for fact in now.unrecognized_facts)
        print(f"facts      of the bot that no field can hold, and in how many readings: {names}")
    for letters in now.letters:
        hours = letters.oldest_seconds / 3600
        print(f"dead       {letters.open} {letters.kind}, open for up to {hours:.1f} h; newest: {letters.newest}")
    for note in now.review:
        print(f"review     {note}")
    print("needs you  " + ("\n           ".join(now.problems) if now.problems else "nothing"))


def _tell_polls(now: MirrorStatus) -> None:
    never = "never (KAPSO_API_KEY of the worker)"
    print(f"polled     {f'complete to {_when(now.verified_to)}' if now.runs else never}")
    for run in now.runs:
        trouble = f"; failed: {run.error}" if run.error else ""
        day = f"last day {run.missing} missing, {run.repaired} fields repaired, {run.late} late{trouble}"
        print(f"           {run.kind}: {run.checked} compared at {_when(run.ended_at)}; {day}")


def _chats(chats: Chats) -> str:
    if chats.began_seconds is None:
        return "never read yet"
    trouble = f"; it failed: {chats.error}" if chats.error else ""
    spent = f"; {chats.tokens_today} tokens today" if chats.tokens_today else ""
    waits = ""
    if chats.model_per_minute:
        since = f", the longest for {chats.for_model_seconds / 60:.0f} min" if chats.for_model_seconds else ""
        waits = f"; {chats.for_model} wait for the model{since} (at most {chats.model_per_minute} a minute)"
    said = f"last read {chats.began_seconds:.0f} s ago: {chats.due} had something new, {chats.changed} leads changed"
    return said + waits + spent + trouble


def _when(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"


def _plain(now: MirrorStatus) -> dict[str, object]:
    return {
        name: [one._asdict() if hasattr(one, "_asdict") else one for one in value]
        if isinstance(value, list)
        else value._asdict()
        if hasattr(value, "_asdict")
        else value
        for name, value in ((field.name, getattr(now, field.name)) for field in dataclasses.fields(now))
    }


async def _watch() -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    start, end = ("\r\033[K", "") if sys.stdout.isatty() else ("", "\n")
    began = datetime.now(UTC)
    async with stores() as (pool, client, shards):
        while not stop.is_set():
            since = max(began, datetime.now(UTC) - LOOK_BACK)
            print(start + _line(await status(pool, client, shards, since)), end=end, flush=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)
    return 0


def _leads(now: MirrorStatus) -> str:
    return f"  leads {now.chats.leads}: {now.chats.known} known, {now.chats.hot} hot" if now.chats else ""


def _line(now: MirrorStatus) -> str:
    fresh = "–" if now.freshness_p50_ms is None else f"{now.freshness_p50_ms:.0f}/{now.freshness_p99_ms:.0f} ms"
    concerns = "".join(f"  {concern.split(' (')[0]}" for concern in now.concerns)
    return (
        f"received {now.received} deliveries  applied {now.applied} events  waiting {now.waiting}  dead {now.dead}  "
        f"freshness p50/p99 {fresh}{_leads(now)}{concerns}"
    )
