"""`python3 dev.py bench`: ours, one arq job per event, and the limit of Postgres, in one run on the same servers."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvloop
from redis.asyncio import Redis

from benchmarks import limit
from benchmarks.load import Sent, delivery, event_body, requests, send
from devstack.processes import preexec
from simulator.checker.compare import percentiles
from store import postgres
from store.appender import Appender
from store.postgres import Pool
from store.spill import Spill

SECRET = "benchmark"  # noqa: S105
PEOPLE = 10_000
BOUNDED_MS = 250.0
RATES = (1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000)


class Bench:
    def __init__(self, pool: Pool, redis: Redis) -> None:
        self._pool = pool
        self._redis = redis
        self._next = 1

    def numbers(self, count: int) -> int:
        """The first of so many fresh event numbers."""
        first, self._next = self._next, self._next + count
        return first

    @contextlib.asynccontextmanager
    async def running(self, *commands: list[str], **more: str) -> AsyncIterator[str]:
        """These processes, with a port for the first of them; yields the webhook URL."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        given = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "KAPSO_WEBHOOK_SECRETS": SECRET}
        given |= {"LOG_LEVEL": "ERROR"} | more
        processes = [
            await asyncio.create_subprocess_exec(sys.executable, *command, env=given, preexec_fn=preexec())
            for command in commands
        ]
        try:
            await _listening(port)
            yield f"http://127.0.0.1:{port}/webhooks/kapso"
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                await process.wait()

    async def load(self, url: str, rate: float, seconds: float) -> dict[str, Any]:
        """One open-loop stretch: answers and freshness, both from the moment each event was due."""
        count = int(rate * seconds)
        first = self.numbers(count)
        made = requests(url, SECRET, first, count, people=PEOPLE)
        sent = await send(url, made, rate)
        await self.settled(first, count, patience=30)
        return {
            "rate": rate,
            "first": first,
            "refused": sent.refused,
            "answer_ms": percentiles(sent.answer_ms),
            "freshness_ms": percentiles(await self._freshness(first, sent)),
        }

    async def _freshness(self, first: int, sent: Sent) -> list[float]:
        """Until the commit, as Postgres itself dates it."""
        rows = await self._pool.fetch(
            "SELECT idempotency_key::bigint AS serial, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at"
            " FROM deliveries WHERE idempotency_key::bigint >= $1",
            first,
        )
        return [(row["at"] - sent.due_at[row["serial"] - first]) * 1000 for row in rows]

    async def settled(self, first: int, count: int, *, patience: float) -> float:
        """Wait until they all are; seconds it took."""
        began = time.perf_counter()
        while time.perf_counter() - began < patience:
            query = "SELECT count(*) FROM deliveries WHERE idempotency_key::bigint >= $1"
            if await self._pool.fetchval(query, first) >= count:
                break
            await asyncio.sleep(0.05)
        return time.perf_counter() - began

    async def naive(self, events: int) -> float:
        """Events a second that one arq job per event settles, from the first request to the last row."""
        serve, work = "import benchmarks.naive as n; n.serve()", "import benchmarks.naive as n; n.work()"
        async with self.running(["-c", serve], ["-c", work]) as url:
            first = self.numbers(events)
            made = requests(url, SECRET, first, events, people=PEOPLE)
            began = time.perf_counter()
            await send(url, made, 2_000)
            await self.settled(first, events, patience=120)
            return events / (time.perf_counter() - began)

    async def catch_up(self, events: int) -> float:
        """Events a second that a worker settles when it finds so many waiting."""
        first = self.numbers(events)
        spill = Spill(self._pool, limit_bytes=0)
        appender = Appender(self._redis, spill, shards=1, limit=10 * events, limit_bytes=1 << 40)
        rng = random.Random(first)
        for start in range(first, first + events, 200):
            deliveries = [delivery(serial, event_body(serial, rng, PEOPLE)) for serial in range(start, start + 200)]
            await asyncio.gather(*(appender.append(one) for one in deliveries))
        async with self.running(["-m", "webhooks"], ["-m", "workers"]):
            began = time.perf_counter()
            query = "SELECT min(settled_at) FROM deliveries WHERE idempotency_key::bigint >= $1"
            while not await self._pool.fetchval(query, first) and time.perf_counter() - began < 30:
                await asyncio.sleep(0.05)
            await self.settled(first, events, patience=180)
            row = await self._pool.fetchrow(
                "SELECT count(*) AS n, extract(epoch FROM max(settled_at) - min(settled_at))::float8 AS seconds"
                " FROM deliveries WHERE idempotency_key::bigint >= $1",
                first,
            )
            return float(row["n"] / row["seconds"])


async def _listening(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise SystemExit("the web process did not start")


async def run(options: argparse.Namespace) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=4)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"])
    bench = Bench(pool, redis)
    await pool.execute("CREATE INDEX ON deliveries ((idempotency_key::bigint))")
    found: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}"
    }
    seconds = options.seconds
    async with bench.running(["-m", "webhooks"], ["-m", "workers"], DRAIN_SHIFT_SECONDS=str(seconds / 3)) as url:
        _say("warming up: everybody is met once")
        await bench.load(url, 1_000, PEOPLE * 3 / 1_000)
        _say("1,000/s, with handovers of the drain")
        found["at_1000"] = await bench.load(url, 1_000, seconds)
        _say(json.dumps(found["at_1000"]))
    async with bench.running(["-m", "webhooks"], ["-m", "workers"]) as url:
        await bench.load(url, 500, 4)
        found["sustained"], found["steps"] = 0, []
        for rate in RATES:
            step = await bench.load(url, rate, seconds)
            found["steps"].append(step)
            _say(json.dumps(step))
            if step["refused"] or step["freshness_ms"]["p99"] > BOUNDED_MS:
                break
            found["sustained"] = rate
    _say("one arq job per event, defaults")
    found["naive"] = round(statistics.median([await bench.naive(1_500) for _ in range(options.rounds)]))
    _say(f"{found['naive']}/s")
    _say("catching up on a backlog")
    found["catch_up"] = round(await bench.catch_up(options.backlog))
    _say(f"{found['catch_up']}/s")
    _say("the limit: pgbench with the same statements")
    batches = options.backlog // limit.BATCH
    await limit.prepare(pool, bench.numbers(options.backlog), batches, people=PEOPLE)
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ["DATABASE_URL"]
        found["limit"] = round(await limit.measure(os.environ["PGBENCH"], url, Path(folder), batches))
    _say(f"{found['limit']}/s")
    await redis.aclose()
    await pool.close()
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(found: dict[str, Any]) -> str:
    one = found["at_1000"]
    lines = [
        ("answers at 1,000/s, p50 / p99", f"{one['answer_ms']['p50']} / {one['answer_ms']['p99']} ms", "≤ 15 ms p99"),
        (
            "freshness at 1,000/s, p50 / p99",
            f"{one['freshness_ms']['p50']} / {one['freshness_ms']['p99']} ms",
            "≤ 40 ms p99",
        ),
        ("sustained, freshness p99 < 250 ms", f"{found['sustained']}/s", "about 3,000/s"),
        ("one arq job per event, defaults", f"{found['naive']}/s", ""),
        ("sustained against that", f"{found['sustained'] / found['naive']:.1f} times", "≥ 12 times"),
        ("catch-up of a backlog", f"{found['catch_up']}/s", ""),
        ("pgbench, the same statements, batches of 1,000", f"{found['limit']}/s", ""),
        ("catch-up against that", f"{found['catch_up'] / found['limit']:.2f}", "≥ 0.20"),
    ]
    rows = [f"| {what} | {value} | {goal} |" for what, value, goal in lines]
    return "\n".join([f"{found['machine']}", "", "| measure | found | goal |", "|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description="Measure the mirror beside what people would use."
    )
    parser.add_argument("--seconds", type=float, default=15, help="length of each stretch (default 15)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the slow contestant (default 3)")
    parser.add_argument("--backlog", type=int, default=100_000, help="deliveries to catch up on (default 100,000)")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    found = uvloop.run(run(options))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
