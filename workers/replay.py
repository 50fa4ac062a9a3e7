"""Apply stored events again, or say what would become of each. Both take the same way as the first time."""

from dataclasses import dataclass, field

from rows.delivery import Delivery
from rows.erasure import is_past, kept
from rows.types import Facts
from store import dead_letters, deliveries
from store.apply import Batch, apply
from store.dead_letters import Letter
from store.postgres import Pool
from store.tombstones import NOBODY_ERASED, Erased, Tombstones
from store.watch import Watch
from workers.failures import Verdict, describe, judge
from workers.interpret import Failure, Reading, interpret
from workers.settle import dead_letter


@dataclass(slots=True)
class Outcomes:
    """Counts of events: would apply or did, change nothing because the rows are as new or newer, are ignored, fail."""

    applied: int = 0
    unchanged: int = 0
    ignored: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return len(self.failures)

    def add(self, other: "Outcomes") -> None:
        self.applied += other.applied
        self.unchanged += other.unchanged
        self.ignored += other.ignored
        self.failures += other.failures

    @property
    def word(self) -> str:
        """Of one letter or delivery: the worst that becomes of it."""
        if self.failures:
            return "fails again"
        return "applies" if self.applied else "changes nothing" if self.unchanged else "ignored"


class Replayer:
    """With `go` it is done and stays; without, every event is rehearsed and undone. Repeating either is harmless.

    Raises what the world says; what was done by then stands.
    """

    def __init__(self, pool: Pool, *, release: str, go: bool, tombstones: Tombstones = NOBODY_ERASED) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._release = release
        self._go = go

    async def delivery(self, delivery: Delivery) -> Outcomes:
        """All its events. One that fails now is told, and no dead letter: its rows stand."""
        return await self._replay(interpret(delivery))

    async def letter(self, letter: Letter) -> Outcomes:
        """Its event, or all of the delivery where that had failed as a whole. Its state and the books follow."""
        reading = interpret(letter.delivery)
        events = await deliveries.events_of(self._pool, letter.delivery)
        # Once the books are gone with their day, a first event may have been the whole: applying it all again is safe.
        whole = events == 1 or (events is None and letter.position == 0)
        outcomes = await self._replay(reading if whole else _only(reading, letter.position))
        if self._go:
            await self._keep(letter, outcomes, whole=whole)
        return outcomes

    async def _keep(self, letter: Letter, outcomes: Outcomes, *, whole: bool) -> None:
        await self._bury(letter, outcomes.failures)
        failed = [failure.position for failure in outcomes.failures]
        applied = outcomes.applied + outcomes.unchanged
        if whole:
            await dead_letters.rebook(self._pool, letter, applied=applied, ignored=outcomes.ignored, failed=failed)
        elif letter.position not in failed:
            await dead_letters.resolve(self._pool, letter, ignored=applied == 0)

    async def _bury(self, letter: Letter, failures: list[Failure]) -> None:
        if not failures:
            return
        letters = [dead_letter(letter.delivery, failure, self._release) for failure in failures]
        await apply(self._pool, Batch(dead_letters=letters))

    async def _replay(self, reading: Reading) -> Outcomes:
        outcomes = Outcomes(ignored=reading.ignored, failures=list(reading.failures))
        for position, facts in reading.events:
            try:
                changed = await self._event(facts)
            except Erased:  # the past of somebody who was erased stays out
                outcomes.ignored += 1
                continue
            except Exception as error:
                if judge(error) is Verdict.WORLD:
                    raise
                kind = "refused" if judge(error) is Verdict.DATA else "unexpected"
                outcomes.failures.append(Failure(position, kind, describe(error)))
                continue
            outcomes.applied += changed
            outcomes.unchanged += not changed
        return outcomes

    async def _event(self, facts: Facts) -> bool:
        watch = Watch(facts, keep=self._go)
        try:
            await apply(self._pool, Batch(facts=facts), watch, tombstones=self._tombstones)
        except Erased as told:
            if is_past(facts, told.names):
                raise
            rest = Batch(facts=kept(facts, told.names), erased=told.names)
            await apply(self._pool, rest, watch, tombstones=self._tombstones)
        return bool(watch.changes)


def _only(reading: Reading, position: int) -> Reading:
    events = [event for event in reading.events if event[0] == position]
    failures = [failure for failure in reading.failures if failure.position == position]
    return Reading(events, 0 if events or failures else 1, failures)
