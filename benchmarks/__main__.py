"""`python3 dev.py bench`: ours beside what people would use instead, in one run on the same servers."""

import argparse
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from redis.asyncio import Redis

from benchmarks import measures, report
from benchmarks.bench import Bench, machine, say
from benchmarks.measures import CONTESTANTS, FULL, QUICK, Effort
from store import postgres

Measure = Callable[[Bench, Effort], Awaitable[dict[str, Any]]]
# Once a round, one after the other, so that an hour's whim of the machine meets all of them.
INTERLEAVED: dict[str, Measure] = {
    "at rates": measures.at_rates,
    "catching up": measures.catching_up,
    "limit": measures.postgres_limit,
}
ONCE: dict[str, Measure] = {
    "mixed": measures.mixed_stream,
    "two of each": measures.two_of_each,
    "beside reading": measures.beside_reading,
    "cold wake": measures.cold_wake,
    "long drain": measures.long_drain,
    "growth": measures.growth,
    "features": measures.features,
}


async def run(options: argparse.Namespace, effort: Effort) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=4, timeout=3600)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"])
    bench = Bench(pool, redis)
    version = await pool.fetchval("SELECT split_part(version(), ' on ', 1)")
    found: dict[str, Any] = {"machine": f"{machine()}, {version}", "effort": effort._asdict(), "rounds": []}
    began = time.monotonic()
    wanted = set(options.only or [*INTERLEAVED, *ONCE, "contest"])
    await bench.reading_chats(on=False)  # none of the others does; what it costs is a measure of its own
    await bench.meet_everybody()
    for number in range(effort.rounds if wanted & {*INTERLEAVED, "contest"} else 0):
        one: dict[str, Any] = {}
        for name in CONTESTANTS if "contest" in wanted else ():
            say(f"[{time.monotonic() - began:4.0f} s] round {number + 1} of {effort.rounds}: {name}")
            one[name] = await measures.contest(bench, effort, name)
            say(f"         {json.dumps(one[name])}")
        for name, measure in INTERLEAVED.items():
            if name in wanted:
                say(f"[{time.monotonic() - began:4.0f} s] round {number + 1} of {effort.rounds}: {name}")
                one[name] = await measure(bench, effort)
                say(f"         {json.dumps(one[name])}")
        found["rounds"].append(one)
    for name, measure in ONCE.items():
        if name in wanted:
            say(f"[{time.monotonic() - began:4.0f} s] {name}")
            found[name] = await measure(bench, effort)
            say(f"         {json.dumps(found[name])}")
    found["minutes"] = round((time.monotonic() - began) / 60, 1)
    await redis.aclose()
    await pool.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench",
        description="Measure the mirror beside what people would use instead. About forty minutes; --quick: three. "
        "Ratios within one run are what counts.",
    )
    parser.add_argument("--quick", action="store_true", help="one short round, without the long drain and growth")
    parser.add_argument(
        "--only", action="append", choices=["contest", *INTERLEAVED, *ONCE], help="this measure alone; may be repeated"
    )
    parser.add_argument("--rounds", type=int, help="rounds of what is compared (default 3, quick 1)")
    parser.add_argument("--seconds", type=float, help="length of each stretch (default 8, quick 4)")
    parser.add_argument("--idle", type=float, help="seconds of silence before the cold wake (default 60, quick 5)")
    parser.add_argument("--keep", type=Path, help="write latest.json, latest.md and latest.svg into this folder")
    options = parser.parse_args()
    given = {name: value for name in ("rounds", "seconds", "idle") if (value := getattr(options, name))}
    found = uvloop.run(run(options, (QUICK if options.quick else FULL)._replace(**given)))
    if options.keep:
        report.keep(found, options.keep)
    print(report.table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
