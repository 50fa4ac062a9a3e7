"""`python3 dev.py bench pages`: from the commit to the eye: open lists in a real Chromium while messages come in,
the first paint and searches at 200,000 leads, and what a page that stays open all day keeps."""

import argparse
import asyncio
import bisect
import gzip
import json
import os
import platform
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, async_playwright
from redis.asyncio import Redis

from domain.lead_filter import NOBODYS, LeadFilter, LeadReader
from store import loops, postgres
from store.access import accounts
from store.leads import lead_list, overview
from store.leads.overview import OverviewFilter
from store.postgres import Pool
from tools.benchmarks.bench import PEOPLE, Bench, Running
from tools.benchmarks.leads import FILL, make_all_due, no_pass_for_now
from tools.simulator.checker.compare import percentiles
from web.query import AT_WORK

JAKARTA = ZoneInfo("Asia/Jakarta")

PAGES = 3
PASSWORD = "benchmarks only"  # noqa: S105
REFRESHES = 200
A_DAY = 86_400
STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
# Each time that the list has changed: when, and the newest of the numbered messages that it shows.
WATCH = """
() => {
  window.shown = [];
  const rows = document.getElementById("rows");
  new MutationObserver(() => {
    let newest = 0;
    for (const cell of rows.querySelectorAll("td.said")) {
      const found = /pesan ke (\\d+)/.exec(cell.textContent);
      if (found) newest = Math.max(newest, Number(found[1]));
    }
    window.shown.push([performance.timeOrigin + performance.now(), newest]);
  }).observe(rows, { childList: true, subtree: true, characterData: true, attributes: true });
}
"""


async def run(options: argparse.Namespace) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=8, timeout=3600)
    redis: Redis = Redis.from_url(os.environ["REDIS_URL"])
    bench = Bench(pool, redis)
    found: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}"
    }
    user = await accounts.add_user(pool, "bench", "sales", PASSWORD)
    token = await accounts.sign_in(pool, "bench", PASSWORD, address="bench")
    async with _browser() as browser:
        async with bench.running() as running:
            _say("warming up: everybody is met once")
            await bench.load(running, 1_000, PEOPLE * 3 / 1_000)
            _say(f"1,000/s with {PAGES} lists open")
            await no_pass_for_now(pool)
            found["at_1000"] = await _watched(bench, browser, running, token, 1_000, options.seconds)
            _say(json.dumps(found["at_1000"]))
            _say("the same while all the chats are read")
            await make_all_due(pool)
            found["reading"] = await _watched(bench, browser, running, token, 1_000, options.seconds)
            _say(json.dumps(found["reading"]))
            _say(f"as much as the machine takes, with {PAGES} lists open")
            found["saturated"] = await _watched(bench, browser, running, token, options.saturating, options.seconds)
            _say(json.dumps(found["saturated"]))
            _say(f"{REFRESHES} refreshes of one list")
            found["growth"] = await _growth(bench, browser, running, token)
            _say(json.dumps(found["growth"]))
        _say(f"filling up to {options.leads} leads")
        for statement in FILL.split(";\n"):
            await pool.execute(statement.replace(":leads", str(options.leads)).replace(":messages", str(options.leads)))
        async with bench.running(work=[]) as running:
            found["paint"] = await _paint(browser, running, token, options.reads)
            _say(json.dumps(found["paint"]))
    found["reads"] = await _reads(pool, LeadReader(user.id, user.since), options.reads)
    _say(json.dumps(found["reads"]))
    files = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css")]
    found["weight"] = sum(len(gzip.compress(path.read_bytes(), 5)) for path in files)
    await redis.aclose()
    await pool.close()
    return found


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    path = os.environ.get("MIRROR_TEST_CHROMIUM")
    if not path:
        raise SystemExit("This needs Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


async def _list(browser: Browser, running: Running, token: str) -> Page:
    base = running.urls[0].removesuffix("/webhooks/kapso")
    profile = await browser.new_context(viewport={"width": 1280, "height": 800})
    await profile.add_cookies([{"name": "session", "value": token, "url": base}])
    page = await profile.new_page()
    await page.goto(f"{base}/", wait_until="load")
    return page


async def _watched(
    bench: Bench, browser: Browser, running: Running, token: str, rate: float, seconds: float
) -> dict[str, Any]:
    pages = [await _list(browser, running, token) for _ in range(PAGES)]
    for page in pages:
        await page.evaluate(WATCH)
    since = datetime.now(UTC)
    load = await bench.load(running, rate, seconds)
    await asyncio.sleep(2)
    commits = {serial: at * 1000 for serial, at in (await bench.commits(since)).items()}
    late: list[float] = []
    updates = 0
    for page in pages:
        shown = await page.evaluate("window.shown")
        updates += len(shown)
        late += lateness(commits, shown)
        await page.context.close()
    return {
        "rate": rate,
        "dom_ms": percentiles(late),
        "updates_per_second": round(updates / PAGES / seconds, 1),
        "freshness_ms": load["freshness_ms"],
    }


def lateness(commits: dict[int, float], shown: Sequence[tuple[float, int]]) -> list[float]:
    """For each message: from its commit until the page showed one that was committed then or later."""
    times, newest, late = [], [], []
    furthest = 0.0
    for at, serial in shown:
        if commits.get(serial, 0.0) > furthest:
            furthest = commits[serial]
            times.append(at)
            newest.append(furthest)
    for committed in commits.values():
        place = bisect.bisect_left(newest, committed)
        if place < len(newest):
            late.append(max(0.0, times[place] - committed))
    return late


async def _growth(bench: Bench, browser: Browser, running: Running, token: str) -> dict[str, Any]:
    """Heap and nodes after a warm-up and after many refreshes more, garbage collected; what a day at that would be."""
    page = await _list(browser, running, token)
    session = await page.context.new_cdp_session(page)
    await page.evaluate("window.swaps = 0, document.addEventListener('list:changed', () => { window.swaps += 1; })")

    async def heap() -> float:
        for _ in range(3):
            await session.send("HeapProfiler.collectGarbage")
        used = await session.send("Runtime.getHeapUsage")
        return float(used["usedSize"])

    async def refreshed(count: int) -> None:
        target = await page.evaluate("window.swaps") + count
        while await page.evaluate("window.swaps") < target:
            await bench.load(running, 40, 5)

    await refreshed(300)
    before, at = await heap(), await page.evaluate("window.swaps")
    await refreshed(REFRESHES)
    grown, swaps = await heap() - before, await page.evaluate("window.swaps") - at
    nodes = await page.evaluate("document.querySelectorAll('*').length")
    await page.context.close()
    return {
        "refreshes": swaps,
        "bytes": round(grown),
        "a_day_mb": round(grown / swaps * A_DAY / 1e6, 2),
        "nodes": nodes,
    }


async def _paint(browser: Browser, running: Running, token: str, count: int) -> dict[str, float]:
    """First paint of the list in a browser that was never here, ms."""
    script = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    times = []
    for _ in range(min(count, 20)):
        page = await _list(browser, running, token)
        await page.wait_for_function(script)
        times.append(float(await page.evaluate(script)))
        await page.context.close()
    return percentiles(times)


async def _reads(pool: Pool, reader: LeadReader, count: int) -> dict[str, dict[str, float]]:
    """What people ask a list for, ms."""
    nobody = reader._replace(since=reader.since.replace(year=2000))
    asked = {
        "a name": LeadFilter(parts=["orang 12345"]),
        "a part of many names": LeadFilter(parts=["budi"]),
        "a number": LeadFilter(parts=["0000012345"]),
        "a name with a typo": LeadFilter(parts=["oramg", "123456"]),
        "unread, nothing read yet": LeadFilter(unread_by=nobody),
        "unread, all read": LeadFilter(unread_by=reader),
        "the inbox": LeadFilter(snoozed=False, status=AT_WORK),
        "mine": LeadFilter(owner=["bench"], snoozed=False, status=AT_WORK),
        "nobody's": LeadFilter(owner=[NOBODYS], snoozed=False, status=AT_WORK),
        "snoozed": LeadFilter(snoozed=True),
        "a tag": LeadFilter(tag=["vip"]),
        "hot in a city, waiting": LeadFilter(temperature=["hot"], city="Bandung", awaiting_reply=True),
        "a trade": LeadFilter(trade="laundry"),
        "a city as a word": LeadFilter(parts=["bandung"]),
    }
    found = {}
    for name, wanted in asked.items():
        found[name] = percentiles([await _timed(lambda w=wanted: lead_list.page(pool, w)) for _ in range(count)])
    for days in overview.RANGES:
        wanted_days = OverviewFilter(datetime.now(UTC), days)
        found[f"overview, {days} days"] = percentiles(
            [await _timed(lambda w=wanted_days: overview.overview(pool, w, JAKARTA)) for _ in range(count)]
        )
    oldest = LeadFilter(awaiting_reply=True)
    found["longest waiting"] = percentiles(
        [await _timed(lambda: lead_list.page(pool, oldest, order="waiting")) for _ in range(count)]
    )
    found["what the filter menu offers"] = percentiles(
        [await _timed(lambda: lead_list.choices(pool, LeadFilter(snoozed=False))) for _ in range(5)]
    )
    found["counts of everybody"] = percentiles(
        [await _timed(lambda: lead_list.counts(pool, LeadFilter())) for _ in range(10)]
    )
    return found


async def _timed(read: Any) -> float:
    began = time.perf_counter()
    await read()
    return (time.perf_counter() - began) * 1000


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(found: dict[str, Any]) -> str:
    one, read, full, reads = found["at_1000"], found["reading"], found["saturated"], found["reads"]
    lines = [
        (f"commit to the eye at 1,000/s, {PAGES} lists open, p50 / p99", f"{one['dom_ms']['p50']} / {one['dom_ms']['p99']} ms", "≤ 250 ms p99"),
        ("the same while 10,000 chats are read", f"{read['dom_ms']['p50']} / {read['dom_ms']['p99']} ms", ""),
        (f"the same at {full['rate']:,.0f}/s, more than the machine takes with them", f"{full['dom_ms']['p50']} / {full['dom_ms']['p99']} ms", "≤ 1,000 ms p99"),
        ("first paint at 200,000 leads, p50 / p95", f"{found['paint']['p50']} / {found['paint']['p95']} ms", "≤ 300 ms"),
        ("script and style of all pages, compressed", f"{found['weight'] / 1000:.1f} KB", "< 60 KB"),
        (f"heap grown over {found['growth']['refreshes']:,} refreshes, as a day of one a second", f"{found['growth']['a_day_mb']} MB", "< 10 MB"),
        *((f"list: {name}, p50 / p95", f"{times['p50']} / {times['p95']} ms", "") for name, times in reads.items()),
    ]  # fmt: skip
    rows = [f"| {what} | {value} | {goal} |" for what, value, goal in lines]
    return "\n".join([f"{found['machine']}", "", "| measure | found | goal |", "|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench pages", description="Measure the desk.")
    parser.add_argument("--leads", type=int, default=200_000, help="leads to fill up to (default 200,000)")
    parser.add_argument("--reads", type=int, default=100, help="reads of each kind (default 100)")
    parser.add_argument("--seconds", type=float, default=20, help="length of each stretch (default 20)")
    parser.add_argument("--saturating", type=float, default=4_000, help="a rate above what it can take (default 4,000)")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args()
    found = loops.run(run(options))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
