"""What every benchmark stands on: our processes on the given servers, loads, backlogs, and what they cost."""

import asyncio
import contextlib
import os
import platform
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from store.inbox.appender import Appender
from store.inbox.inbox import stream_name
from store.inbox.spill import Spill
from store.inbox.watermarks import Watermarks
from store.postgres import Pool
from tools.benchmarks.costs import Costs, cpu_seconds, memory
from tools.benchmarks.events import SECRET, SignedPost, delivery, everybody, new_messages, request
from tools.benchmarks.load import send
from tools.devstack.processes import preexec
from tools.simulator.checker.compare import percentiles

PEOPLE = 10_000
WEB, WORKER = ["-m", "webhooks"], ["-m", "workers"]
Posts = Callable[[int, int, int], Iterator[SignedPost]]
# Every message against the raw body it came from, and whose it is.
VERIFY = """
SELECT count(*) FROM (
    SELECT convert_from(d.body, 'UTF8')::jsonb AS said FROM deliveries AS d WHERE d.received_at >= $1 OFFSET 0) AS d
JOIN messages AS m ON m.id = d.said #>> '{message,id}' JOIN contacts AS c ON c.id = m.contact_id
WHERE m.text = d.said #>> '{message,text,body}' AND c.wa_id = d.said #>> '{message,from}'
"""
# The clock starts at the first commit; its deliveries do not count, they were processed before that.
PACE = """
SELECT sum(n)::bigint AS n, (array_agg(n ORDER BY at))[1] AS in_first_commit,
    extract(epoch FROM max(at) - min(at))::float8 AS seconds
FROM (SELECT pg_xact_commit_timestamp(xmin) AS at, count(*) AS n FROM deliveries
      WHERE received_at >= $1 GROUP BY 1) AS c
"""


@dataclass(slots=True)
class Running:
    """Started processes: the URLs of those that listen, and the ids of all by name."""

    urls: list[str]
    pids: dict[str, int]


class Bench:
    def __init__(self, pool: Pool, redis: Redis) -> None:
        self.pool = pool
        self.redis = redis
        self._next = 1

    def numbers(self, count: int) -> int:
        """The first of so many fresh numbers."""
        first, self._next = self._next, self._next + count
        return first

    @contextlib.asynccontextmanager
    async def running(
        self, *, serve: Sequence[list[str]] = (WEB,), work: Sequence[list[str]] = (WORKER,), **more: str
    ) -> AsyncIterator[Running]:
        """Start receivers, each on its own port, and workers, and stop them at the end.

        Besides them only the load generator, Postgres and Redis run.
        """
        given = os.environ | {"HOST": "127.0.0.1", "KAPSO_WEBHOOK_SECRETS": SECRET, "LOG_LEVEL": "ERROR"} | more
        ports = [_free_port() for _ in serve]
        started = {
            f"{name} {n}" if n else name: await asyncio.create_subprocess_exec(
                sys.executable, *command, env=given | {"PORT": str(port)}, preexec_fn=preexec()
            )
            for name, commands in (("receiver", serve), ("worker", work))
            for n, (command, port) in enumerate(zip(commands, [*ports, *(0 for _ in work)], strict=False))
        }
        try:
            for port in ports:
                await _listening(port)
            urls = [f"http://127.0.0.1:{port}/webhooks/kapso" for port in ports]
            yield Running(urls, {name: process.pid for name, process in started.items()})
        finally:
            for process in started.values():
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            for process in started.values():
                await process.wait()

    async def load(
        self, running: Running, rate: float, seconds: float, *, posts: Posts = new_messages
    ) -> dict[str, Any]:
        """One open-loop stretch: answers and freshness, both from the moment each event was due; CPU by process."""
        count = int(rate * seconds)
        first, since = self.numbers(count), datetime.now(UTC)
        made = [request(running.urls[0], post) for post in posts(first, count, PEOPLE)]
        before, began = cpu_seconds(running.pids), time.perf_counter()
        sent = await send(running.urls, made, rate)
        if not await self.settled(since, count - sent.refused, patience=120):
            raise SystemExit(f"of {count} POSTs that were answered 200 some are not settled after two minutes")
        took = time.perf_counter() - began
        costs = Costs.between(before, cpu_seconds(running.pids), count)
        late = [(at - sent.due_at[serial - first]) * 1000 for serial, at in (await self.commits(since)).items()]
        return {
            "rate": rate,
            "settled_per_second": round((count - sent.refused) / took),
            "refused": sent.refused,
            "answer_ms": percentiles(sent.answer_ms),
            "freshness_ms": percentiles(late),
            "cpu_us_per_post": costs.microseconds,
            "memory_mb": memory(running.pids),
        }

    async def commits(self, since: datetime) -> dict[int, float]:
        """By number, when what was received since then was committed (seconds since 1970).

        As Postgres dates it: it begins to write the commit then; half a millisecond later readers see it.
        """
        rows = await self.pool.fetch(
            "SELECT idempotency_key::bigint AS serial, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at"
            " FROM deliveries WHERE received_at >= $1",
            since,
        )
        return {row["serial"]: row["at"] for row in rows}

    async def settled(self, since: datetime, count: int, *, patience: float) -> bool:
        """Wait until `count` deliveries received since `since` are settled; False if `patience` seconds pass first."""
        began = time.perf_counter()
        while time.perf_counter() - began < patience:
            if not await self._waits():
                query = "SELECT count(*) FROM deliveries WHERE received_at >= $1"
                if await self.pool.fetchval(query, since) >= count:
                    return True
            await asyncio.sleep(0.02)
        return False

    async def _waits(self) -> bool:
        """Something stands in a stream: cheaper to ask than counting rows."""
        for shard in range(2):
            if await self.redis.xlen(stream_name(shard)):
                return True
        return False

    async def fill(self, count: int, *, posts: Posts = new_messages, shards: int = 1) -> dict[str, Any]:
        """So many POSTs wait in the inbox: since when, and what each takes in Redis beside the length of its body."""
        first, since = self.numbers(count), datetime.now(UTC)
        before = (await self.redis.info("memory"))["used_memory"]
        appender = Appender(
            self.redis, Spill(self.pool, limit_bytes=0), shards=shards, limit=1 << 40, limit_bytes=1 << 50,
            watermarks=Watermarks(),
        )  # fmt: skip
        waiting: list[Any] = []
        length = 0
        for post in posts(first, count, PEOPLE):
            length += len(post.body)
            waiting.append(appender.append(delivery(post)))
            if len(waiting) == 200:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)
        used = (await self.redis.info("memory"))["used_memory"] - before
        return {"since": since, "bytes_per_event": used / count, "body_bytes": length / count}

    async def catch_up(
        self, count: int, *, posts: Posts = new_messages, shards: int = 1, workers: int = 1, verify: bool = False
    ) -> dict[str, Any]:
        """POSTs a second that workers settle when they find so many waiting, from the first commit to the last."""
        filled = await self.fill(count, posts=posts, shards=shards)
        async with self.running(serve=[], work=[WORKER] * workers, INBOX_SHARDS=str(shards)) as running:
            before = cpu_seconds(running.pids)
            if not await self.settled(filled["since"], count, patience=60 + count / 1_000):
                raise SystemExit(f"of {count} POSTs that waited some are not settled")
            costs = Costs.between(before, cpu_seconds(running.pids), count)
            used = memory(running.pids)
        row = await self.pool.fetchrow(PACE, filled["since"])
        assert row is not None
        found = {
            "per_second": round((row["n"] - row["in_first_commit"]) / row["seconds"]),
            "cpu_us_per_post": costs.microseconds,
            "memory_mb": used,
            "redis_bytes_per_body_byte": round(filled["bytes_per_event"] / filled["body_bytes"], 3),
        }
        if verify:
            found["verified_rows"] = await self.pool.fetchval(VERIFY, filled["since"])
        return found

    async def reading_chats(self, *, on: bool) -> None:
        """Whether chats are read meanwhile: held off by a pass that says it began in the future."""
        await self.pool.execute("DELETE FROM extraction_runs")
        if not on:
            await self.pool.execute(
                "INSERT INTO extraction_runs (began_at, ended_at) VALUES ('2999-01-01', '2999-01-01')"
            )

    async def meet_everybody(self) -> None:
        await self.catch_up(PEOPLE, posts=lambda first, count, _: everybody(first, count))


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _listening(port: int) -> None:
    for _ in range(400):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise SystemExit("the web process did not start")
