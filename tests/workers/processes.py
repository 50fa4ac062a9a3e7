"""Real worker processes for tests: started, killed and waited for by their own ids."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tools.devstack.processes import preexec

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    def __init__(self, database_url: str, redis_url: str, **settings: str) -> None:
        self._environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url} | settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workers",
            env=self._environment,
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            preexec_fn=preexec(),
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, how: signal.Signals) -> int:
        """Returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        return await self._process.wait()


@asynccontextmanager
async def worker(database_url: str, redis_url: str, **settings: str) -> AsyncIterator[Worker]:
    one = Worker(database_url, redis_url, **settings)
    await one.start()
    try:
        yield one
    finally:
        await one.end(signal.SIGKILL)
