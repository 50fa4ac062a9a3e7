"""A file for liveness probes. The event loop touches it, so it grows old when the loop hangs.

A probe by file costs nothing at rest and needs no port: workers have none.
"""

import asyncio
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0


async def keep_touching(file: Path | None) -> None:
    """For as long as the task lives, whatever the stores do; None: return at once. A file that cannot be written is
    logged once: the probe will say the rest.
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
