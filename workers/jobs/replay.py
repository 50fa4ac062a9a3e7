"""Apply stored events again, or say what would become of each. Both take the same way as the first time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.delivery import Delivery, FailureKind
from domain.erasure import is_past, kept
from domain.types import Facts
from store.mirror import deliveries
from store.mirror.apply import Batch, apply
from store.ops import dead_letters
from store.ops.dead_letters import Letter
from store.ops.watch import ChangeRecorder
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED, Erased, Tombstones
from workers.drain.failures import Verdict, describe, judge
from workers.drain.interpret import DeliveryReading, EventFailure, interpret
from workers.drain.mapping.values import Bounds
from workers.drain.settle import dead_letter


@dataclass(slots=True)
class Outcomes:
    """Counts of events: would apply or did, change nothing because the rows are as new or newer, are ignored, fail."""

    applied: int = 0
    unchanged: int = 0
    ignored: int = 0
    failures: list[EventFailure] = field(default_factory=list)

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

    Raises errors of the environment; what was done by then stays.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        release: str,
        go: bool,
        tombstones: Tombstones = NOBODY_ERASED,
        bounds: Callable[[], Bounds],
    ) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._release = release
        self._go = go
        self._bounds = bounds
        self._bodies = dead_letters.Bodies(pool)
        self._read: tuple[Delivery, DeliveryReading] | None = None

    async def delivery(self, delivery: Delivery) -> Outcomes:
        """Replay all its events. One that fails now is reported and makes no dead letter: its rows exist already."""
        return await self._replay(interpret(delivery, self._bounds()))

    async def letter(self, letter: Letter) -> Outcomes:
        """Replay its event, or all of the delivery where that had failed as a whole. Its state and the books follow."""
        delivery, reading = await self._reading(letter)
        events = await deliveries.events_of(self._pool, delivery)
        # The delivery has no row: its day was dropped, or a poll read it. A letter at position 0 may then stand for the
        # whole delivery; replaying all of it is safe.
        whole = events == 1 or (events is None and letter.position == 0)
        outcomes = await self._replay(reading if whole else _only(reading, letter.position))
        if self._go:
            await self._keep(delivery, letter, outcomes, whole=whole)
        return outcomes

    async def _reading(self, letter: Letter) -> tuple[Delivery, DeliveryReading]:
        """Letters of one delivery mostly come one after the other: it is read once for all of them."""
        if self._read is None or self._read[0].id != letter.delivery_id:
            delivery = letter.delivery(await self._bodies.of(letter))
            self._read = delivery, interpret(delivery, self._bounds())
        return self._read

    async def _keep(self, delivery: Delivery, letter: Letter, outcomes: Outcomes, *, whole: bool) -> None:
        await self._bury(delivery, outcomes.failures)
        failed = [failure.position for failure in outcomes.failures]
        applied = outcomes.applied + outcomes.unchanged
        if whole:
            await dead_letters.rebook(self._pool, letter, applied=applied, ignored=outcomes.ignored, failed=failed)
        elif letter.position not in failed:
            await dead_letters.resolve(self._pool, letter, ignored=applied == 0)

    async def _bury(self, delivery: Delivery, failures: list[EventFailure]) -> None:
        if not failures:
            return
        letters = [dead_letter(delivery, failure, self._release) for failure in failures]
        await apply(self._pool, Batch(dead_letters=letters), tombstones=self._tombstones)

    async def _replay(self, reading: DeliveryReading) -> Outcomes:
        outcomes = Outcomes(ignored=reading.ignored, failures=list(reading.failures))
        for position, facts in reading.events:
            try:
                changed = await self._event(facts)
            except Erased:  # the past of somebody who was erased stays out
                outcomes.ignored += 1
                continue
            except Exception as error:
                if judge(error) in (Verdict.ENVIRONMENT, Verdict.DOUBT):
                    raise
                kind: FailureKind = "refused" if judge(error) is Verdict.DATA else "unexpected"
                outcomes.failures.append(EventFailure(position, kind, describe(error)))
                continue
            outcomes.applied += changed
            outcomes.unchanged += not changed
        return outcomes

    async def _event(self, facts: Facts) -> bool:
        watch = ChangeRecorder(facts, keep=self._go)
        try:
            await apply(self._pool, Batch(facts=facts), watch, tombstones=self._tombstones)
        except Erased as told:
            if is_past(facts, told.names):
                raise
            rest = Batch(facts=kept(facts, told.names), erased=told.names)
            await apply(self._pool, rest, watch, tombstones=self._tombstones)
        return bool(watch.changes)


def _only(reading: DeliveryReading, position: int) -> DeliveryReading:
    events = [event for event in reading.events if event[0] == position]
    failures = [failure for failure in reading.failures if failure.position == position]
    return DeliveryReading(events, 0 if events or failures else 1, failures)
