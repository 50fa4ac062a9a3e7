"""The only module that knows arq: run jobs on their schedules, on any number of workers, whatever Redis does.

arq ends its loop when Redis goes away; ours waits and starts it anew. Jobs carry no arguments, keep no results, and
are never retried by arq: the schedule is what brings them back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from arq import cron
from arq.connections import RedisSettings
from arq.worker import Worker
from redis.exceptions import RedisError

from store.postgres import FAULTS_OF_OURS, STORE_ERRORS
from store.tasks import cancel_and_wait
from workers.drain.failures import describe

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
AWAY = (*STORE_ERRORS, RedisError)
RESTART_SECONDS = 1.0
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """`schedule` is what arq's cron takes: sets of second, minute, hour. At each tick one worker runs it."""

    name: str
    run: Callable[[], Awaitable[None]]
    timeout_seconds: int
    schedule: dict[str, Any] = field(default_factory=dict)
    at_start: bool = True
    finishes: bool = False
    """Whether it ends by itself when we must stop; otherwise it is cancelled then, and begins anew elsewhere."""


async def work(redis_url: str, jobs: Sequence[Job], stop: asyncio.Event, *, grace_seconds: float) -> None:
    """Run until `stop` is set; then let running jobs finish for up to `grace_seconds`."""
    # arq prints arguments and a line per job at INFO.
    logging.getLogger("arq").setLevel(logging.WARNING)
    while not stop.is_set():
        worker = _worker(redis_url, jobs, stop)
        running = asyncio.create_task(worker.async_run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await cancel_and_wait(stopping)
        if stop.is_set():
            worker.allow_pick_jobs = False
            if worker.tasks:
                await asyncio.wait(worker.tasks.values(), timeout=grace_seconds)
        else:
            log.warning("arq ended, starting it again", error=type(running.exception()).__name__)
            await asyncio.sleep(RESTART_SECONDS)
        await _close(worker, running)


def _worker(redis_url: str, jobs: Sequence[Job], stop: asyncio.Event) -> Worker:
    def call(job: Job) -> Any:
        async def run(_: dict[Any, Any]) -> None:
            try:
                await (job.run() if job.finishes else _until(stop, job.run()))
            except Exception as error:
                if isinstance(error, AWAY) and not isinstance(error, FAULTS_OF_OURS):
                    text = "a store is down: the job runs again at its next time"
                    log.warning(text, job=job.name, error=describe(error))
                    return
                log.error("job failed, it runs again at its next time", job=job.name, exc_info=error)

        return run

    settings = RedisSettings.from_dsn(redis_url)
    settings.conn_retries = 0
    return Worker(
        cron_jobs=[
            cron(
                call(job),
                name=job.name,
                run_at_startup=job.at_start,
                timeout=job.timeout_seconds,
                keep_result=0,
                max_tries=1,
                **job.schedule,
            )
            for job in jobs
        ],
        redis_settings=settings,
        handle_signals=False,
        max_jobs=10 + 4 * len(jobs),
        poll_delay=POLL_SECONDS,
        keep_result=0,
        health_check_interval=10,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        log_results=False,
    )


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    working, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        await cancel_and_wait(stopping, working)


async def _close(worker: Worker, running: asyncio.Task[None]) -> None:
    """arq waits for its jobs without a bound when it closes: end them first, each within one."""
    await cancel_and_wait(*worker.tasks.values(), running)
    with contextlib.suppress(RedisError, OSError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await worker.close()
