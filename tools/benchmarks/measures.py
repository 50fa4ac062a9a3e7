"""What `python3 dev.py bench` measures, a function each; every one returns plain numbers for JSON."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tools.benchmarks import contestants, limit
from tools.benchmarks.bench import WEB, WORKER, Bench, say
from tools.benchmarks.events import everybody, mixed
from tools.benchmarks.plans import explained

BOUNDED_MS = 250.0
FLOOD = 1_000_000.0
FRACTIONS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
RATES = (200, 1_000, 4_000)
FILL = (Path(__file__).parent / "fill_messages.sql").read_text()


EMPTY = "TRUNCATE contacts, deliveries CASCADE"


class Effort(NamedTuple):
    """How much of everything is measured."""

    rounds: int
    seconds: float
    backlog: int
    long_backlog: int
    levels: Sequence[int]
    idle: float


FULL = Effort(rounds=3, seconds=8, backlog=200_000, long_backlog=1_000_000, levels=(1_000_000, 5_000_000), idle=60)
QUICK = Effort(rounds=1, seconds=4, backlog=20_000, long_backlog=0, levels=(), idle=5)


class Contestant(NamedTuple):
    serve: list[str]
    work: list[str] | None
    flood: int
    """As many events as it settles in about eight seconds."""


CONTESTANTS = {
    "ours": Contestant(WEB, WORKER, 30_000),
    "direct": Contestant(contestants.SERVE_DIRECT, None, 3_000),
    "arq, tuned": Contestant(contestants.SERVE_ARQ, contestants.WORK_TUNED, 2_000),
    "arq, defaults": Contestant(contestants.SERVE_ARQ, contestants.WORK_ARQ, 500),
}


async def contest(bench: Bench, effort: Effort, name: str) -> dict[str, Any]:
    """All it takes at once, and the most that it sustains with freshness p99 under 250 ms."""
    one = CONTESTANTS[name]
    async with bench.running(serve=[one.serve], work=[one.work] if one.work else []) as running:
        await bench.load(running, 50, 2)
        flooded = await bench.load(running, FLOOD, one.flood * effort.seconds / 8 / FLOOD)
        most = flooded["settled_per_second"]
        found: dict[str, Any] = {"saturated": most, "cpu_us_per_post": flooded["cpu_us_per_post"], "sustained": 0}
        if name == "arq, defaults":  # it looks for jobs every half second: none of its rates is within 250 ms
            return found
        for fraction in FRACTIONS:
            step = await bench.load(running, most * fraction, effort.seconds)
            if not step["refused"] and step["freshness_ms"]["p99"] <= BOUNDED_MS:
                return found | {"sustained": round(most * fraction), "step": step}
    return found


async def at_rates(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Answers, freshness, CPU and memory of ours at steady rates, with a handover of the drain in each stretch."""
    found = {}
    async with bench.running(DRAIN_SHIFT_SECONDS=str(effort.seconds / 2)) as running:
        await bench.load(running, 500, 3)
        for rate in RATES:
            found[str(rate)] = await bench.load(running, rate, effort.seconds)
    return found


async def beside_reading(bench: Bench, effort: Effort) -> dict[str, Any]:
    """The same at 1,000/s, and catching up, while all chats are read at the same time."""
    found = {}
    async with bench.running() as running:
        await bench.load(running, 500, 3)
        await bench.reading_chats(on=True)
        found["at_1000"] = await bench.load(running, 1_000, effort.seconds)
    await bench.pool.execute("UPDATE contacts SET heard_at = clock_timestamp()")
    await bench.pool.execute("UPDATE lead_records SET read_hash = NULL, read_to = NULL")
    await bench.reading_chats(on=True)
    found["catch_up"] = await bench.catch_up(effort.backlog)
    found["chats_read"] = await bench.pool.fetchval("SELECT sum(read) FROM extraction_runs")
    await bench.reading_chats(on=False)
    found["catch_up_alone"] = await bench.catch_up(effort.backlog)
    return found


async def cold_wake(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Freshness of the first message after so many seconds in which nothing came."""
    late = []
    async with bench.running() as running:
        await bench.load(running, 200, 2)
        for _ in range(max(1, effort.rounds)):
            await asyncio.sleep(effort.idle)
            one = await bench.load(running, 1, 1)
            late.append(one["freshness_ms"]["p50"])
    return {"idle_seconds": effort.idle, "freshness_ms": late}


async def catching_up(bench: Bench, effort: Effort) -> dict[str, Any]:
    return await bench.catch_up(effort.backlog, verify=True)


async def postgres_limit(bench: Bench, effort: Effort) -> dict[str, Any]:
    batches = max(20, effort.backlog // limit.BATCH // 2)
    async with limit.prepared(bench, batches):
        return {"per_second": round(await limit.pgbench(batches))}


async def writers(bench: Bench, effort: Effort) -> dict[str, Any]:
    """pgbench with one client, with two, and with two that write about different people, as streams by person make it;
    in turns, medians."""
    batches = max(20, effort.backlog // limit.BATCH // 4)
    found: dict[str, list[float]] = {"one": [], "two": [], "two, people apart": []}
    for _ in range(effort.rounds):
        async with limit.prepared(bench, 2 * batches):
            found["one"].append(await limit.pgbench(batches, clients=1))
            found["two"].append(await limit.pgbench(batches))
        async with limit.prepared(bench, 2 * batches, apart=True):
            found["two, people apart"].append(await limit.pgbench(batches, apart=True))
    one = median(found["one"])
    return {name: {"per_second": round(median(values)), "of_one": round(median(values) / one, 2)}
            for name, values in found.items()}  # fmt: skip


async def long_drain(bench: Bench, effort: Effort) -> dict[str, Any]:
    """What a worker holds in memory when it works off a very long backlog."""
    return await bench.catch_up(effort.long_backlog) if effort.long_backlog else {}


async def mixed_stream(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Batches of twenty, 60 % statuses, shuffled, 3 % twice; in events."""
    posts = max(2_500, effort.backlog // 50)
    caught = await bench.catch_up(posts, posts=mixed)
    async with bench.running() as running:
        await bench.load(running, 20, 2, posts=mixed)
        steady = await bench.load(running, 1_000 / 20, effort.seconds, posts=mixed)
    return {"catch_up_events_per_second": caught["per_second"] * 20, "at_1000_events": steady}


async def two_of_each(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Receivers, streams and workers: what everything together settles at once, and what workers catch up."""
    found: dict[str, Any] = {}
    for receivers, streams, workers in ((1, 1, 1), (1, 2, 1), (2, 2, 1), (2, 2, 2)):
        name = f"{receivers} receivers, {streams} streams, {workers} workers"
        async with bench.running(
            serve=[WEB] * receivers, work=[WORKER] * workers, INBOX_SHARDS=str(streams)
        ) as running:
            await bench.load(running, 500, 2)
            flood = await bench.load(running, FLOOD, 30_000 * effort.seconds / 8 / FLOOD)
        caught = await bench.catch_up(effort.backlog // 4, shards=streams, workers=workers)
        found[name] = {"saturated": flood["settled_per_second"], "catch_up": caught["per_second"]}
    return found


async def growth(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Catching up on an empty mirror, at millions of messages, and on an empty one again."""
    found: dict[str, Any] = {}
    for level in (0, *effort.levels, 0) if effort.levels else ():
        if level:
            say(f"  filling up to {level} messages")
            for statement in FILL.split(";\n"):
                await bench.pool.execute(statement.replace(":messages", str(level)))
        else:
            await bench.pool.execute(EMPTY)
            await bench.meet_everybody()
        caught = await bench.catch_up(effort.backlog // 3)
        found[f"{level}" if str(level) not in found else f"{level} again"] = caught["per_second"]
        if level == max(effort.levels):
            found["plans"] = await explained(bench, os.environ["DATABASE_URL"])
    return found


async def features(bench: Bench, effort: Effort) -> dict[str, Any]:
    """Events a second of pgbench with all our statements, and without one feature at a time; twice, there and back."""
    batches = max(20, effort.backlog // limit.BATCH // 8)
    variants: dict[str, tuple[tuple[str, ...], str]] = {
        "all": ((), ""),
        "without the deliveries log": (("insert_deliveries",), ""),
        "without identities": (("touch_sightings",), ""),
        "without what contacts say of their last message": (("lock_contacts", "advance_contacts"), ""),
        "without foreign keys and triggers": ((), "-c session_replication_role=replica"),
    }
    found: dict[str, list[int]] = {name: [] for name in variants}
    async with limit.prepared(bench, 2 * batches * len(variants)):
        for name in (*variants, *reversed(variants)):
            without, options = variants[name]
            found[name].append(round(await limit.pgbench(batches, without=without, options=options)))
    return {**found, "meeting strangers": await _strangers(bench, effort)}


async def _strangers(bench: Bench, effort: Effort) -> dict[str, int]:
    """POSTs of people who were never seen, a second; with their leads, and without."""
    found = {}
    count = effort.backlog // 10
    for name, state in (("with their leads", "ENABLE"), ("without leads", "DISABLE")):
        await bench.pool.execute(EMPTY)
        await bench.pool.execute(f"ALTER TABLE contacts {state} TRIGGER contacts_begin_leads")
        caught = await bench.catch_up(count, posts=lambda first, count, _: everybody(first, count))
        found[name] = caught["per_second"]
    await bench.pool.execute(EMPTY)
    await bench.pool.execute("ALTER TABLE contacts ENABLE TRIGGER contacts_begin_leads")
    return found
