"""`mirror status`: what waits, how old the oldest is, rates, the last error."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from datetime import UTC, datetime, timedelta

from config.settings import StoreSettings, load
from store import postgres, redis
from store.status import Status, status

# Something waits longer than the mirror may be behind.
LATE_SECONDS = 1.0
LOOK_BACK = timedelta(hours=1)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="one line that is renewed every second, until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(_watch() if arguments.watch else _once(as_json=arguments.json))


async def _once(*, as_json: bool) -> int:
    async with _stores() as (pool, client, shards):
        now = await status(pool, client, shards, datetime.now(UTC) - LOOK_BACK)
    if as_json:
        print(json.dumps(now._asdict(), default=str))
    else:
        print(f"last hour  {now.received} deliveries received; events: {now.applied} applied, {now.ignored} ignored, "
              f"{now.dead} dead")  # fmt: skip
        print(f"waiting    {now.waiting}, the oldest for {now.oldest_seconds} s")
        print(f"rate       {now.per_second} deliveries/s over the last minute")
        print(f"freshness  p50 {now.freshness_p50_ms} ms, p99 {now.freshness_p99_ms} ms over the last minute")
        print(f"last       received {now.last_received_at}, settled {now.last_settled_at}")
        print(f"dead       {now.dead_letters_open} letters open; newest: {now.last_error}")
    return 1 if now.oldest_seconds > LATE_SECONDS or now.dead_letters_open else 0


async def _watch() -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    start, end = ("\r\033[K", "") if sys.stdout.isatty() else ("", "\n")
    began = datetime.now(UTC)
    async with _stores() as (pool, client, shards):
        while not stop.is_set():
            since = max(began, datetime.now(UTC) - LOOK_BACK)
            print(start + _line(await status(pool, client, shards, since)), end=end, flush=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)
    return 0


def _line(now: Status) -> str:
    fresh = "–" if now.freshness_p50_ms is None else f"{now.freshness_p50_ms:.0f}/{now.freshness_p99_ms:.0f} ms"
    return (
        f"received {now.received}  applied {now.applied}  waiting {now.waiting}  dead {now.dead}  "
        f"freshness p50/p99 {fresh}"
    )


@contextlib.asynccontextmanager
async def _stores():  # type: ignore[no-untyped-def]
    settings = load(StoreSettings)
    pool = await postgres.connect(settings.database_url.get_secret_value(), size=2)
    client = redis.connect(settings.redis_url.get_secret_value())
    try:
        yield pool, client, settings.inbox_shards
    finally:
        await client.aclose()
        await pool.close()
