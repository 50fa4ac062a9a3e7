"""`python3 dev.py bench leads`: how long reading chats takes, how far AI fields are behind, what that costs the mirror,
and how fast the list and one lead are at 200,000 leads and 5 million messages."""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from domain.lead import Source
from domain.lead_filter import LeadFilter
from store import loops, postgres
from store.leads import lead_detail, lead_list
from store.leads.leads import Actor
from store.postgres import Pool
from tools.benchmarks.bench import Bench
from tools.evaluation.gold import chats
from tools.simulator.checker.compare import percentiles

ACTIVE = 10_000
EARLIER_LINES = 8
READER = Actor(Source.AGENT, "bench")
FILTERS = {
    "none": LeadFilter(),
    "status": LeadFilter(status=["qualified"]),
    "rare status": LeadFilter(status=["converted"]),
    "temperature": LeadFilter(temperature=["hot"]),
    "two temperatures": LeadFilter(temperature=["hot", "warm"]),
    "phase": LeadFilter(phase=["D"]),
    "city": LeadFilter(city="Bandung"),
    "rare city": LeadFilter(city="Biak Numfor"),
    "score": LeadFilter(least_score=90),
    "awaiting": LeadFilter(awaiting_reply=True),
    "hot in a city, waiting": LeadFilter(temperature=["hot"], city="Surabaya", awaiting_reply=True),
    "nothing fits": LeadFilter(status=["archived"], temperature=["hot"], city="Nowhere"),
}
WAITING = (
    "SELECT count(*) FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id WHERE c.heard_at > r.read_to"
)
FILL = (Path(__file__).parent / "fill_leads.sql").read_text()


async def run(options: argparse.Namespace) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=8, timeout=3600)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"])
    bench = Bench(pool, redis)
    found: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}"
    }
    _say(f"{ACTIVE} people say {EARLIER_LINES} lines of the gold chats each")
    await bench.catch_up(ACTIVE * 7)  # everybody is met
    await _say_earlier_lines(pool)
    found["pass"] = await _whole_pass(bench, pool)
    _say(json.dumps(found["pass"]))
    _say(f"{3 * ACTIVE} messages of about as many people as there are, within a minute")
    found["behind"] = await _behind(bench, pool)
    _say(json.dumps(found["behind"]))
    _say("catching up with and without a pass beside it")
    found["beside"] = await _beside(bench, pool, options)
    _say(json.dumps(found["beside"]))
    _say(f"filling up to {options.leads} leads and {options.messages} messages")
    began = time.perf_counter()
    for statement in FILL.split(";\n"):
        await pool.execute(statement.replace(":leads", str(options.leads)).replace(":messages", str(options.messages)))
    _say(f"filled in {time.perf_counter() - began:.0f} s")
    found["reads"] = await _reads(pool, options.reads)
    _say(json.dumps(found["reads"]))
    await redis.aclose()
    await pool.close()
    return found


async def _say_earlier_lines(pool: Pool) -> None:
    """Real words, so that rules have as much to do as in real chats."""
    said = [line for chat in chats("develop") for line in chat.window.lines]
    texts, inbound = [line.text for line in said], [line.inbound for line in said]
    await pool.execute(
        """
        INSERT INTO messages (id, contact_id, direction, type, text, sent_at, status)
        SELECT 'line-' || c.n || '-' || k, c.id, CASE WHEN l.inbound THEN 'inbound' ELSE 'outbound' END, 'text', l.text,
            now() - interval '1 hour' + k * interval '1 minute', 'received'
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts) AS c
        CROSS JOIN generate_series(1, $3) AS k
        JOIN (SELECT * FROM unnest($1::text[], $2::boolean[]) WITH ORDINALITY AS u (text, inbound, place)) AS l
            ON l.place = (c.n * $3 + k) % cardinality($1) + 1
        """,
        texts, inbound, EARLIER_LINES,
    )  # fmt: skip


async def make_all_due(pool: Pool) -> None:
    """Make every chat due for a new reading: all count as heard just now, and none as read."""
    await pool.execute("DELETE FROM extraction_runs")
    await pool.execute("UPDATE contacts SET heard_at = clock_timestamp()")
    await pool.execute("UPDATE lead_records SET read_hash = NULL, read_to = NULL")


async def no_pass_for_now(pool: Pool) -> None:
    """As if one had just begun: the next is due in half a minute."""
    await pool.execute("INSERT INTO extraction_runs (began_at, ended_at) VALUES (now(), now())")


async def _whole_pass(bench: Bench, pool: Pool) -> dict[str, Any]:
    """All at once, first with everything to write, then with nothing new to find."""
    found: dict[str, Any] = {}
    for name in ("first", "again"):
        await pool.execute("DELETE FROM extraction_runs")
        await make_all_due(pool)
        async with bench.running():
            run = await _ended(pool)
        found[name] = {"leads": run["due"], "changed": run["changed"], "seconds": round(run["seconds"], 1)}
    return found


async def _ended(pool: Pool, *, patience: float = 300) -> Any:
    for _ in range(int(patience / 0.2)):
        row = await pool.fetchrow(
            "SELECT due, changed, extract(epoch FROM ended_at - began_at)::float8 AS seconds FROM extraction_runs"
            " WHERE ended_at > began_at ORDER BY began_at LIMIT 1"
        )
        if row:
            return row
        await asyncio.sleep(0.2)
    raise SystemExit("no pass has ended")


async def _behind(bench: Bench, pool: Pool) -> dict[str, Any]:
    """From a message's being visible to its chat's having been read, with everything running as it would."""
    await pool.execute("DELETE FROM extraction_runs")
    async with bench.running() as running:
        # A worker that has just begun has every line to read; after a minute, only the new ones.
        await bench.load(running, 3 * ACTIVE / 60, 60)
        began = await pool.fetchval("SELECT clock_timestamp()")
        load = await bench.load(running, 3 * ACTIVE / 60, 60)
        for _ in range(600):
            if not await pool.fetchval(WAITING):
                break
            await asyncio.sleep(0.2)
    rows = await pool.fetch(
        "SELECT extract(epoch FROM r.extracted_at - c.heard_at)::float8 AS seconds FROM contacts AS c"
        " JOIN lead_records AS r ON r.contact_id = c.id WHERE c.heard_at > $1",
        began,
    )
    seconds = [row["seconds"] for row in rows]
    passes = await pool.fetch(
        "SELECT extract(epoch FROM ended_at - began_at)::float8 AS seconds FROM extraction_runs WHERE began_at > $1",
        began,
    )
    return {
        "leads": len(seconds),
        "seconds": percentiles(seconds),
        "within_60_s": round(sum(1 for one in seconds if one <= 60) / len(seconds), 4),
        "longest_pass_s": round(max(row["seconds"] for row in passes), 1),
        "freshness_ms": load["freshness_ms"],
    }


async def _beside(bench: Bench, pool: Pool, options: argparse.Namespace) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"alone": [], "beside": []}
    for _ in range(options.rounds):
        for name, rated in rates.items():
            await pool.execute("DELETE FROM extraction_runs")
            if name == "alone":
                await no_pass_for_now(pool)
            else:
                await make_all_due(pool)
            rated.append((await bench.catch_up(options.backlog))["per_second"])
    ratio = statistics.median(rates["beside"]) / statistics.median(rates["alone"])
    return {**rates, "ratio": round(ratio, 2)}


async def _reads(pool: Pool, count: int) -> dict[str, Any]:
    rng = random.Random(1)
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM lead_records ORDER BY random() LIMIT $1", count)]
    starts = await _starts(pool)
    found: dict[str, Any] = {"list_ms": {}}
    everything: list[float] = []
    for name, wanted in FILTERS.items():
        times = [await _timed(lead_list.page(pool, wanted, after=rng.choice(starts))) for _ in range(count)]
        found["list_ms"][name] = percentiles(times)
        everything += times
    found["any_list_ms"] = percentiles(everything)
    found["lead_ms"] = percentiles([await _timed(lead_detail.read(pool, id, READER)) for id in ids])
    return found


async def _starts(pool: Pool) -> list[lead_list.ListCursor | None]:
    """Pages from the first to the deepest."""
    rows = await pool.fetch(
        "SELECT coalesce(last_message_at, '-infinity') AS recency,"
        " coalesce(last_message_received_at, '-infinity') AS received_rank, id AS contact_id"
        " FROM contacts TABLESAMPLE SYSTEM (1)"
    )
    return [None, *(lead_list.ListCursor((row["recency"], row["received_rank"]), row["contact_id"]) for row in rows)]


async def _timed(read: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await read
    return (time.perf_counter() - began) * 1000


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(found: dict[str, Any]) -> str:
    first, again, late = found["pass"]["first"], found["pass"]["again"], found["behind"]["seconds"]
    lists, lead = found["reads"]["any_list_ms"], found["reads"]["lead_ms"]
    slowest = max(found["reads"]["list_ms"].items(), key=lambda one: one[1]["p95"])
    lines = [
        (f"longest pass while {found['behind']['leads']:,} people write within a minute",
         f"{found['behind']['longest_pass_s']} s", "≤ 30 s"),
        ("AI fields behind the message then, p50 / p99", f"{late['p50']} / {late['p99']} s", "≤ 60 s p99"),
        (f"{first['leads']:,} chats at once, by a worker that has just begun", f"{first['seconds']} s", ""),
        ("  the same when nothing in them is new", f"{again['seconds']} s", ""),
        ("throughput of the mirror while a pass runs", f"{found['beside']['ratio']} of it alone", "≥ 0.9"),
        ("lead list, any filter, any page, p50 / p95", f"{lists['p50']} / {lists['p95']} ms", "≤ 20 ms p95"),
        (f"  its slowest filter ({slowest[0]}), p95", f"{slowest[1]['p95']} ms", "≤ 20 ms p95"),
        ("one lead with its last 50 messages, p50 / p95", f"{lead['p50']} / {lead['p95']} ms", "≤ 10 ms p95"),
    ]  # fmt: skip
    rows = [f"| {what} | {value} | {goal} |" for what, value, goal in lines]
    return "\n".join([f"{found['machine']}", "", "| measure | found | goal |", "|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench leads", description="Measure the lead database.")
    parser.add_argument("--leads", type=int, default=200_000, help="leads to fill up to (default 200,000)")
    parser.add_argument("--messages", type=int, default=5_000_000, help="messages to fill up to (default 5,000,000)")
    parser.add_argument("--reads", type=int, default=200, help="reads of each kind (default 200)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds with and without a pass (default 3)")
    parser.add_argument(
        "--backlog", type=int, default=40_000, help="deliveries to catch up on in each (default 40,000)"
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    found = loops.run(run(options))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
