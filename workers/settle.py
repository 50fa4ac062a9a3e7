"""Settle deliveries: read them, write what they say, and stand aside what cannot be written.

A failure of the world is waited out. A batch that fails for the data's sake is split until the one event stands alone;
it becomes a dead letter and the rest is applied. What an unknown error is, is seen by whether others meet it too.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from logging import DEBUG

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from rows.delivery import Delivery
from rows.erasure import EMPTY, EVENT, gaps, is_past, kept, names_in, names_of, scrubbed
from store.apply import Batch, DeadLetter, Settled, apply
from store.postgres import Pool
from store.tombstones import NOBODY_ERASED, Erased, Tombstones
from workers.failures import TRIES_OF_UNKNOWN, Streak, Verdict, advice, describe, judge
from workers.interpret import Failure, Reading, interpret

log = structlog.get_logger(__name__)


class Stuck(Exception):
    """Delivery after delivery meets the same unknown error: that is the world, or this release, and not the data."""


@dataclass(slots=True)
class Read:
    """A delivery and what was read in it; `erased` are names of people whose past is already taken out of both."""

    delivery: Delivery
    reading: Reading
    erased: Mapping[str, datetime] = field(default_factory=dict)


def read(deliveries: Sequence[Delivery]) -> list[Read]:
    return [Read(delivery, interpret(delivery)) for delivery in deliveries]


def crashed(delivery: Delivery) -> Read:
    """For a delivery that ended every process that began with it; it is not read again."""
    return Read(delivery, Reading(failures=[Failure(0, "crash", "whoever began with it alone did not live to end it")]))


async def _nothing() -> None:
    pass


class Settler:
    """Writes what was read, for one drain after another.

    `give_up` tells a wait for the world to end, because the process has to; `on_wait` is called before each wait.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        release: str,
        give_up: Callable[[], bool],
        on_wait: Callable[[], Awaitable[None]] = _nothing,
        tombstones: Tombstones = NOBODY_ERASED,
    ) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._release = release
        self._give_up = give_up
        self._on_wait = on_wait
        self._streak = Streak()

    async def settle(self, reads: list[Read]) -> None:
        """Return when all of it is committed; raises Stuck, or what the world said when told to give up."""
        streak = self._follow(reads)
        try:
            await self._apply(self._batch(reads))
        except Erased as erased:
            await self.settle([without(one, erased.names) for one in reads])
        except Exception as error:
            if judge(error) is Verdict.WORLD:
                raise
            if len(reads) == 1:
                await self._settle_one(reads[0])
                return
            middle = len(reads) // 2
            await self.settle(reads[:middle])
            await self.settle(reads[middle:])
        else:
            self._streak = streak

    def _follow(self, reads: list[Read]) -> Streak:
        """The streak behind these, as far as reading them tells."""
        streak = self._streak
        for one in reads:
            streak = streak.after(_unknown_error(one.reading))
            if streak.is_the_world:
                self._streak = streak
                raise Stuck(streak.error)
        return streak

    async def _settle_one(self, one: Read) -> None:
        """Event by event; the delivery's books are written when each has had its turn."""
        reading = one.reading
        done = Reading(ignored=reading.ignored, failures=list(reading.failures))
        for position, facts in reading.events:
            try:
                await self._apply(Batch(facts=facts, erased=dict(one.erased)))
                done.events.append((position, facts))
                self._streak = Streak()
            except Erased as erased:
                await self._settle_one(without(one, erased.names))
                return
            except Exception as error:
                done.failures.append(self._failure(position, error))
        await self._apply(self._batch([Read(one.delivery, done, one.erased)], with_facts=False))

    def _failure(self, position: int, error: Exception) -> Failure:
        verdict = judge(error)
        if verdict is Verdict.WORLD:
            raise error
        self._streak = self._streak.after(describe(error) if verdict is Verdict.UNKNOWN else None)
        if self._streak.is_the_world:
            raise Stuck(self._streak.error) from error
        return Failure(position, "refused" if verdict is Verdict.DATA else "unexpected", describe(error))

    def _batch(self, reads: list[Read], *, with_facts: bool = True) -> Batch:
        batch = Batch()
        for one in reads:
            delivery, reading = one.delivery, one.reading
            batch.erased.update(one.erased)
            if reading.failures or reading.ignored:
                batch.named |= names_in(delivery.body)
            if not with_facts:
                batch.named |= {name for _, facts in reading.events for name in names_of(facts)}
            if with_facts:
                for _, facts in reading.events:
                    batch.facts.add(facts)
            books = (len(reading.events), reading.ignored, len(reading.failures))
            batch.deliveries.append(settled(delivery, *books))
            batch.dead_letters += [dead_letter(delivery, failure, self._release) for failure in reading.failures]
        return batch

    async def _apply(self, batch: Batch) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_may_go_well),
            wait=wait_exponential_jitter(multiplier=0.1, max=10, jitter=0.1),
            stop=self._enough,
            before_sleep=self._wait,
            reraise=True,
        ):
            with attempt:
                await apply(self._pool, batch, tombstones=self._tombstones)
        for one in batch.deliveries if log.is_enabled_for(DEBUG) else ():
            log.debug("settled", delivery=str(one.id), applied=one.applied, ignored=one.ignored, dead=one.dead)
        for letter in batch.dead_letters:
            log.warning("dead letter", delivery=str(letter.delivery_id), position=letter.position,
                        kind=letter.error_kind, error=letter.error)  # fmt: skip

    def _enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        known = error is None or judge(error) is Verdict.WORLD
        return self._give_up() if known else state.attempt_number >= TRIES_OF_UNKNOWN

    async def _wait(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error:
            log.warning("postgres does not take it, waiting", error=describe(error), what_to_do=advice(error),
                        tries=state.attempt_number)  # fmt: skip
        await self._on_wait()


def without(one: Read, erased: Mapping[str, datetime]) -> Read:
    """The delivery without what is said of an erased person's past: ignored, and out of its body."""
    delivery, reading = one.delivery, one.reading
    past = {position for position, facts in reading.events if is_past(facts, erased)}
    failures = reading.failures
    if past or ((failures or reading.ignored) and not names_in(delivery.body).isdisjoint(erased)):
        body = scrubbed(delivery.body, erased)
        event = EVENT if body == EMPTY else delivery.event
        delivery = delivery._replace(body=body, event=event, idempotency_key=None)
        left = gaps(body)
        failures = [] if body == EMPTY else [one for one in failures if one.position not in left]
    events = [(position, kept(facts, erased)) for position, facts in reading.events if position not in past]
    return Read(
        delivery,
        Reading(events, reading.ignored + len(past) + len(reading.failures) - len(failures), failures),
        {**one.erased, **erased},
    )


def _may_go_well(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, Erased) and judge(error) is not Verdict.DATA


def _unknown_error(reading: Reading) -> str | None:
    """What all of a delivery met; None when something in it went well, or failed for a known reason."""
    unknown = [failure.error for failure in reading.failures if failure.kind == "unexpected"]
    known = reading.events or reading.ignored or len(unknown) < len(reading.failures)
    return None if known or not unknown else unknown[0]


def settled(delivery: Delivery, applied: int, ignored: int, dead: int) -> Settled:
    return Settled(
        delivery.id,
        delivery.received_at,
        delivery.source,
        delivery.event,
        delivery.idempotency_key,
        delivery.version,
        delivery.body,
        applied,
        ignored,
        dead,
    )


def dead_letter(delivery: Delivery, failure: Failure, release: str) -> DeadLetter:
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
        failure.fingerprint,
        release,
    )
