"""Touch a file for liveness probes. If the event loop hangs, the file gets old.

A file costs almost no CPU at rest and needs no port. Workers have no port.
"""

import asyncio
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0


async def keep_touching(file: Path | None) -> None:
    """Touch the file every 5 seconds until the task is cancelled. Return at once for None.

    Log once if the file cannot be written; the probe then reports the process as dead.
    """
    told = file is None
    while file:
        try:
            file.touch()  # noqa: ASYNC240  (a temporary file: no thread is worth it)
        except OSError as error:
            if not told:
                log.error("ALIVE_FILE can't be written", file=str(file), fault=error.strerror)
            told = True
        await asyncio.sleep(EVERY_SECONDS)
