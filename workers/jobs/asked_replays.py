"""Replays that pages and programs ask for: plan or do, paced, with progress, cancelled on request."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from store.ops import dead_letters, replays
from store.ops.dead_letters import Letter
from store.ops.replays import Counts, ReplayRecord
from store.postgres import STORE_ERRORS, Pool
from store.privacy.tombstones import Tombstones
from store.tasks import cancel_and_wait
from workers.drain.failures import describe
from workers.drain.mapping.values import Bounds
from workers.jobs.paced_replay import PacedRun, replay_paced
from workers.jobs.replay import Outcomes, Replayer

log = structlog.get_logger(__name__)

TELL_SECONDS = 0.5
SEEN_SECONDS = 5.0


async def run_asked(pool: Pool, *, release: str, tombstones: Tombstones, bounds: Callable[[], Bounds]) -> None:
    """Run waiting replays until none is left. Several runs may work at once, each on its own replay."""
    while asked := await replays.take(pool):
        replayer = Replayer(pool, release=release, go=asked.go, tombstones=tombstones, bounds=bounds)
        await _Asked(pool, asked).run(replayer)


class _Asked:
    def __init__(self, pool: Pool, asked: ReplayRecord) -> None:
        self._pool = pool
        self._asked = asked
        self._run = PacedRun()
        self._told_at = 0.0

    async def run(self, replayer: Replayer) -> None:
        """A failure of the environment ends it, and is shown; what was done stays, and asking again continues with the
        rest.
        """
        asked = self._asked
        if asked.go and asked.done:
            # A worker died over it: letters that it replayed are no longer open, and count. The others are taken again.
            done = max(0, asked.planned - await dead_letters.count(self._pool, asked.wanted))
            self._run = PacedRun(done, Outcomes(asked.applied, asked.unchanged, asked.ignored))
        letters = dead_letters.matching(self._pool, asked.wanted)
        seen = asyncio.create_task(self._stay_seen())
        try:
            whole = await replay_paced(
                self._run, letters, replayer.letter, self._tell, per_second=asked.per_second if asked.go else None
            )
        except Exception as error:
            await replays.end(self._pool, asked.id, self._counts(), state="failed", error=describe(error))
            raise
        finally:
            await cancel_and_wait(seen)
        state = "done" if whole else "cancelled"
        await replays.end(self._pool, asked.id, self._counts(), state=state)
        log.info("replay ended", replay=asked.id, go=asked.go, state=state, **self._counts()._asdict())

    async def _stay_seen(self) -> None:
        """A letter of 10,000 events takes minutes: another worker must not take the replay meanwhile."""
        while True:
            await asyncio.sleep(SEEN_SECONDS)
            with suppress(*STORE_ERRORS):
                await replays.tell(self._pool, self._asked.id, self._counts())

    async def _tell(self, _: Letter, __: Outcomes) -> bool:
        if time.monotonic() - self._told_at < TELL_SECONDS:
            return True
        self._told_at = time.monotonic()
        return await replays.tell(self._pool, self._asked.id, self._counts())

    def _counts(self) -> Counts:
        now = self._run.outcomes
        return Counts(self._run.done, now.applied, now.unchanged, now.ignored, now.failed)
