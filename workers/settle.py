"""Settle deliveries: read them, write what they say, and stand aside what cannot be written.

A failure of the world is waited out. A batch that fails for the data's sake is split until the one event stands alone;
it becomes a dead letter and the rest is applied.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from rows.delivery import Delivery
from store.apply import Batch, DeadLetter, Settled, apply
from store.postgres import Pool
from workers.failures import describe, is_fault_of_data
from workers.interpret import Failure, Reading, interpret

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Read:
    """A delivery and what was read in it."""

    delivery: Delivery
    reading: Reading


def read(deliveries: Sequence[Delivery]) -> list[Read]:
    return [Read(delivery, interpret(delivery)) for delivery in deliveries]


class Settler:
    """Writes what was read. `give_up` tells a wait for the world to end, because the process has to."""

    def __init__(self, pool: Pool, *, source: str, give_up: Callable[[], bool]) -> None:
        self._pool = pool
        self._source = source
        self._give_up = give_up

    async def settle(self, reads: list[Read]) -> None:
        """Return when all of it is committed."""
        try:
            await self._apply(self._batch(reads))
        except Exception as error:
            if not is_fault_of_data(error):
                raise
            if len(reads) == 1:
                await self._settle_one(reads[0])
                return
            middle = len(reads) // 2
            await self.settle(reads[:middle])
            await self.settle(reads[middle:])

    async def _settle_one(self, one: Read) -> None:
        """Event by event; the delivery's books are written when each has had its turn."""
        reading = one.reading
        kept = Reading(ignored=reading.ignored, failures=list(reading.failures))
        for position, facts in reading.events:
            try:
                await self._apply(Batch(facts=facts))
                kept.events.append((position, facts))
            except Exception as error:
                if not is_fault_of_data(error):
                    raise
                kept.failures.append(Failure(position, "refused", describe(error)))
        await self._apply(self._batch([Read(one.delivery, kept)], with_facts=False))

    def _batch(self, reads: list[Read], *, with_facts: bool = True) -> Batch:
        batch = Batch()
        for one in reads:
            delivery, reading = one.delivery, one.reading
            if with_facts:
                for _, facts in reading.events:
                    batch.facts.add(facts)
            books = (len(reading.events), reading.ignored, len(reading.failures))
            batch.deliveries.append(
                Settled(
                    delivery.id,
                    delivery.received_at,
                    self._source,
                    delivery.event,
                    delivery.idempotency_key,
                    delivery.version,
                    delivery.body,
                    *books,
                )
            )
            batch.dead_letters += [_dead_letter(delivery, failure) for failure in reading.failures]
        return batch

    async def _apply(self, batch: Batch) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, Exception) and not is_fault_of_data(error)),
            wait=wait_exponential_jitter(multiplier=0.1, max=10, jitter=0.1),
            stop=lambda _: self._give_up(),
            before_sleep=_say_waiting,
            reraise=True,
        ):
            with attempt:
                await apply(self._pool, batch)


def _say_waiting(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning(
        "postgres does not take it, waiting", error=describe(error) if error else None, tries=state.attempt_number
    )


def _dead_letter(delivery: Delivery, failure: Failure) -> DeadLetter:
    log.warning(
        "dead letter", delivery=str(delivery.id), position=failure.position, kind=failure.kind, error=failure.error
    )
    return DeadLetter(
        delivery.id,
        failure.position,
        delivery.received_at,
        delivery.event,
        delivery.idempotency_key,
        delivery.version,
        delivery.body,
        failure.kind,
        failure.error,
        failure.fingerprint(delivery.event),
    )
