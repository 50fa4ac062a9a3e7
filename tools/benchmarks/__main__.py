"""`python3 dev.py bench`: ours beside what people would use instead, in one run on the same servers."""

import argparse
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from store import loops, postgres
from tools.benchmarks import measures, report
from tools.benchmarks.bench import Bench, machine, say
from tools.benchmarks.measures import CONTESTANTS, FULL, QUICK, Effort

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
    "writers": measures.writers,
}


RESULTS = Path(__file__).parent / "results"


async def run(options: argparse.Namespace, effort: Effort, keep: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """`keep` is given what was found so far, after each measure."""
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=4, timeout=3600)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"])
    bench = Bench(pool, redis)
    version = await pool.fetchval("SELECT split_part(version(), ' on ', 1)")
    found: dict[str, Any] = {"machine": f"{machine()}, {version}", "effort": effort._asdict(), "rounds": []}
    began = time.monotonic()
    wanted = set(options.only or [*INTERLEAVED, *ONCE, "contest"])

    async def measured(into: dict[str, Any], name: str, what: str, measure: Callable[[], Awaitable[Any]]) -> None:
        say(f"[{time.monotonic() - began:4.0f} s] {what}")
        into[name] = await measure()
        say(f"         {json.dumps(into[name], default=str)[:600]}")
        found["minutes"] = round((time.monotonic() - began) / 60, 1)
        keep(found)

    await bench.reading_chats(on=False)  # none of the others does; what it costs is a measure of its own
    await bench.meet_everybody()
    rounds: dict[str, Measure] = {name: partial(_contest, name=name) for name in CONTESTANTS if "contest" in wanted}
    rounds |= {name: measure for name, measure in INTERLEAVED.items() if name in wanted}
    for number in range(effort.rounds if rounds else 0):
        one: dict[str, Any] = {}
        for name, measure in rounds.items():
            what = f"round {number + 1} of {effort.rounds}: {name}"
            await measured(one, name, what, partial(measure, bench, effort))
        found["rounds"].append(one)  # whole ones only
    for name, measure in ONCE.items():
        if name in wanted:
            await measured(found, name, name, partial(measure, bench, effort))
    keep(found)
    await redis.aclose()
    await pool.close()
    return found


async def _contest(bench: Bench, effort: Effort, *, name: str) -> dict[str, Any]:
    return await measures.contest(bench, effort, name)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench",
        description="Measure the mirror beside what people would use instead. About forty minutes; --quick: three. "
        "Ratios within one run are what counts. Slow contestants get fewer events at once: ours 30,000, a route that "
        "upserts 3,000, one arq job per event 2,000 (tuned) and 500.",
    )
    parser.add_argument("--quick", action="store_true", help="one short round, without the long drain and growth")
    parser.add_argument(
        "--only", action="append", choices=["contest", *INTERLEAVED, *ONCE], help="this measure alone; may be repeated"
    )
    parser.add_argument("--rounds", type=int, help="rounds of what is compared (default 3, quick 1)")
    parser.add_argument("--seconds", type=float, help="length of each stretch (default 8, quick 4)")
    parser.add_argument("--idle", type=float, help="seconds of silence before the cold wake (default 60, quick 5)")
    parser.add_argument(
        "--keep", type=Path,
        help="write latest.json, .md and .svg into this folder (the whole benchmark: tools/benchmarks/results)",
    )  # fmt: skip
    options = parser.parse_args()
    if not options.quick and not options.only:
        options.keep = options.keep or RESULTS
    given = {name: value for name in ("rounds", "seconds", "idle") if (value := getattr(options, name))}
    effort = (QUICK if options.quick else FULL)._replace(**given)
    found = loops.run(
        run(options, effort, partial(report.keep, folder=options.keep) if options.keep else lambda _: None)
    )
    print(report.table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
