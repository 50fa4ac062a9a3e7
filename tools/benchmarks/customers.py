"""`python3 dev.py bench customers`: how long a program waits for a customer, over real HTTP at a steady rate."""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis.asyncio import Redis

from store import loops, postgres
from store.access import api_keys
from tools.benchmarks.bench import Bench, machine, say
from tools.benchmarks.leads import FILL
from tools.benchmarks.load import send
from tools.simulator.checker.compare import percentiles

PROFILES = (Path(__file__).parent / "fill_customers.sql").read_text()
# A second. Pages count all who fit, as the contract asks, and few ask for them.
RATES = {"fuzzy": 10, "page": 2}
LOOK_UPS = 100
FILTERS = ("", "status=lead", "status=active", "city=Bandung", "services=snow", "not_signed_for_season=2025")


async def run(options: argparse.Namespace) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=4, timeout=3600)
    bench = Bench(pool, Redis.from_url(os.environ["REDIS_URL"]))
    key = await api_keys.add(pool, "bench", ["customers:read"])
    found: dict[str, Any] = {"machine": machine()}
    for people in options.customers:
        say(f"filling up to {people} customers")
        began = time.perf_counter()
        for statement in [*FILL.split(";\n"), *PROFILES.split(";\n")]:
            await pool.execute(statement.replace(":leads", str(people)).replace(":messages", str(people)))
        say(f"filled in {time.perf_counter() - began:.0f} s")
        rows = await pool.fetch(
            "SELECT id, phone, email, name FROM customer_list WHERE phone IS NOT NULL ORDER BY random() LIMIT 2000"
        )
        asked = {
            "id": [f"/{row['id']}" for row in rows],
            "phone": [f"/search?q={quote('0' + row['phone'][3:])}" for row in rows],
            "email": [f"/search?q={quote(row['email'])}" for row in rows],
            "fuzzy": [f"/search?q={quote(_mistyped(row['name']))}" for row in rows if row["name"]],
            "page": [f"?page={1 + n % 20}&{FILTERS[n % len(FILTERS)]}" for n in range(len(rows))],
        }
        async with bench.running(work=[]) as running:
            base = running.urls[0].removesuffix("/webhooks/kapso")
            for name, paths in asked.items():
                rate = RATES.get(name, LOOK_UPS)
                made = [_get(base, path, key) for path in paths[: int(rate * options.seconds)]]
                sent = await send([base], made, rate)
                found.setdefault(str(people), {})[name] = percentiles(sent.answer_ms) | {"refused": sent.refused}
                say(f"{people} {name}: {json.dumps(found[str(people)][name])}")
    return found


def _mistyped(name: str) -> str:
    """Two letters changed places."""
    at = random.Random(name).randrange(max(1, len(name) - 1))
    return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def _get(base: str, path: str, key: str) -> bytes:
    host = base.removeprefix("http://")
    return f"GET /api/v1/customers{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench customers",
        description="Look-ups at 100 a second, fuzzy searches at 10, filtered pages at 2.",
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[200_000, 1_000_000], help="levels, ascending")
    parser.add_argument("--seconds", type=float, default=15, help="length of each stretch (default 15)")
    found = loops.run(run(parser.parse_args()))
    goals = {name: f"p95 ≤ {ms} ms" for name, ms in (("id", 10), ("phone", 10), ("email", 10), ("fuzzy", 60))}
    print(f"{found.pop('machine')}\n\n| customers | by | p50 / p95 / p99, ms | goal at 200,000 |\n|---|---|---|---|")
    for people, kinds in found.items():
        for name, one in kinds.items():
            print(f"| {int(people):,} | {name} | {one['p50']} / {one['p95']} / {one['p99']} | {goals.get(name, '')} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
