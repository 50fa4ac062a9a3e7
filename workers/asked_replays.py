"""Replays that pages and programs ask for: plan or do, paced, with progress, cancelled on request."""

import time

import structlog

from store import dead_letters, replays
from store.dead_letters import Letter
from store.postgres import Pool
from store.replays import Counts, Replay
from store.tombstones import Tombstones
from workers.failures import describe
from workers.paced import Run, replay_paced
from workers.replay import Outcomes, Replayer

log = structlog.get_logger(__name__)

TELL_SECONDS = 0.5


async def run_asked(pool: Pool, *, release: str, tombstones: Tombstones) -> None:
    """All that wait, one after the other."""
    while asked := await replays.take(pool):
        await _Asked(pool, asked).run(release, tombstones)


class _Asked:
    def __init__(self, pool: Pool, asked: Replay) -> None:
        self._pool = pool
        self._asked = asked
        self._run = Run()
        self._told_at = 0.0

    async def run(self, release: str, tombstones: Tombstones) -> None:
        """A failure of the world ends it, and is told; what was done stands, asking again goes on with the rest."""
        asked = self._asked
        replayer = Replayer(self._pool, release=release, go=asked.go, tombstones=tombstones)
        letters = dead_letters.matching(self._pool, asked.wanted)
        try:
            whole = await replay_paced(
                self._run, letters, replayer.letter, self._tell, per_second=asked.per_second if asked.go else None
            )
        except Exception as error:
            await replays.end(self._pool, asked.id, self._counts(), state="failed", error=describe(error))
            raise
        state = "done" if whole else "cancelled"
        await replays.end(self._pool, asked.id, self._counts(), state=state)
        log.info("replay ended", replay=asked.id, go=asked.go, state=state, **self._counts()._asdict())

    async def _tell(self, _: Letter, __: Outcomes) -> bool:
        if time.monotonic() - self._told_at < TELL_SECONDS:
            return True
        self._told_at = time.monotonic()
        return await replays.tell(self._pool, self._asked.id, self._counts())

    def _counts(self) -> Counts:
        now = self._run.outcomes
        return Counts(self._run.done, now.applied, now.unchanged, now.ignored, now.failed)
