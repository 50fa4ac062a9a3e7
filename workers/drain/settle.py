"""Settle deliveries: read them, write their rows, and turn events that cannot be written into dead letters.

A failure of the environment (Postgres, network, deployment) is waited out. A batch that fails for the data's sake is
split until the one event stands alone; it becomes a dead letter and the rest is applied. Where an error does not say
whose fault it is, an ordinary write does: only if that fails too, the environment is at fault.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from logging import DEBUG

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from domain.delivery import Delivery
from domain.erasure import EMPTY, EVENT, erased_places, is_past, kept, names_of, scrubbed, shares
from domain.naming import names_in
from store.mirror.apply import Batch, NewDeadLetter, Settled, apply
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED, Erased, Tombstones
from workers.drain.failures import (
    TRIES_IN_DOUBT,
    TRIES_OF_UNKNOWN,
    Streak,
    Unwritable,
    Verdict,
    advice,
    describe,
    judge,
)
from workers.drain.interpret import DeliveryReading, EventFailure, interpret
from workers.drain.mapping.values import Bounds
from workers.drain.ordinary import ordinary_write_succeeds

log = structlog.get_logger(__name__)


class Stuck(Exception):
    """Delivery after delivery meets the same unknown error, and an ordinary write fails: the environment or this
    release.
    """


@dataclass(slots=True)
class InterpretedDelivery:
    """A delivery and what was read in it; `erased` are names of people whose past is already taken out of both."""

    delivery: Delivery
    reading: DeliveryReading
    erased: Mapping[str, datetime] = field(default_factory=dict)


def interpreted(delivery: Delivery, bounds: Bounds) -> InterpretedDelivery:
    return InterpretedDelivery(delivery, interpret(delivery, bounds))


def crashed(delivery: Delivery) -> InterpretedDelivery:
    """For a delivery that ended every process that began with it; it is not read again."""
    return InterpretedDelivery(
        delivery,
        DeliveryReading(failures=[EventFailure(0, "crash", "every process that settled this delivery alone crashed")]),
    )


async def _nothing(_: BaseException) -> None:
    pass


class Settler:
    """Writes what was read, for one drain after another.

    `give_up` ends a wait for the environment, because the process has to end; `on_wait` is called before each wait with
    what is waited for; `ordinary` returns whether an ordinary write succeeds now.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        release: str,
        give_up: Callable[[], bool],
        on_wait: Callable[[BaseException], Awaitable[None]] = _nothing,
        tombstones: Tombstones = NOBODY_ERASED,
        ordinary: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._release = release
        self._give_up = give_up
        self._on_wait = on_wait
        self._ordinary = ordinary or partial(ordinary_write_succeeds, pool, tombstones)
        self._streak = Streak()

    async def settle(self, reads: list[InterpretedDelivery]) -> None:
        """Return when all of it is committed. Raises Stuck, or the environment's error when told to give up."""
        streak = await self._follow(reads)
        try:
            await self._apply(self._batch(reads))
        except Erased as erased:
            await self.settle([without(one, erased.names) for one in reads])
        except Exception as error:
            if judge(error) in (Verdict.ENVIRONMENT, Verdict.DOUBT):
                raise
            if len(reads) == 1:
                await self._settle_one(reads[0])
                return
            middle = len(reads) // 2
            await self.settle(reads[:middle])
            await self.settle(reads[middle:])
        else:
            self._streak = streak

    async def _follow(self, reads: list[InterpretedDelivery]) -> Streak:
        """The streak after these, as far as reading them shows."""
        streak = self._streak
        for one in reads:
            streak = await self._unless_stuck(streak.after(_unknown_error(one.reading)))
        return streak

    async def _unless_stuck(self, streak: Streak) -> Streak:
        """The streak to go on with. Raises Stuck if it is long and an ordinary write fails too."""
        if not streak.is_long:
            return streak
        if await self._ordinary():
            return Streak()
        self._streak = streak
        raise Stuck(streak.error)

    async def _settle_one(self, one: InterpretedDelivery) -> None:
        """Write a delivery event by event; its books are written when each has had its turn."""
        reading = one.reading
        done = DeliveryReading(ignored=reading.ignored, failures=list(reading.failures), dropped=reading.dropped)
        for position, facts in reading.events:
            try:
                await self._apply(Batch(facts=facts, erased=dict(one.erased)), tries=TRIES_IN_DOUBT)
                done.events.append((position, facts))
                self._streak = Streak()
            except Erased as erased:
                await self._settle_one(without(one, erased.names))
                return
            except Exception as error:
                done.failures.append(await self._failure(position, error))
        await self._apply(
            self._batch([InterpretedDelivery(one.delivery, done, one.erased)], with_facts=False), tries=TRIES_IN_DOUBT
        )

    async def _failure(self, position: int, error: Exception) -> EventFailure:
        verdict = judge(error)
        if verdict in (Verdict.ENVIRONMENT, Verdict.DOUBT):
            raise error
        streak = self._streak.after(describe(error) if verdict is Verdict.UNKNOWN else None)
        self._streak = await self._unless_stuck(streak)
        return EventFailure(position, "refused" if verdict is Verdict.DATA else "unexpected", describe(error))

    def _batch(self, reads: list[InterpretedDelivery], *, with_facts: bool = True) -> Batch:
        batch = Batch()
        for one in reads:
            delivery, reading = one.delivery, one.reading
            batch.erased.update(one.erased)
            if reading.failures or reading.ignored:
                batch.unread.append(delivery.body)
            if not with_facts:
                batch.named |= {name for _, facts in reading.events for name in names_of(facts)}
            if with_facts:
                for _, facts in reading.events:
                    batch.facts.add(facts)
            books = (len(reading.events), reading.ignored, len(reading.failures), len(reading.dropped))
            batch.deliveries.append(Settled.of(delivery, *books))
            if reading.dropped:
                log.info("odd values left out", delivery=str(delivery.id), values=sorted(set(reading.dropped)))
            batch.dead_letters += [dead_letter(delivery, failure, self._release) for failure in reading.failures]
        return batch

    async def _apply(self, batch: Batch, *, tries: int = 1) -> None:
        """Commit it, waiting for the environment. Raises Unwritable after `tries` doubtful failures among ordinary
        writes.
        """
        doubts = 0
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_may_go_well),
            wait=wait_exponential_jitter(multiplier=0.1, max=10, jitter=0.1),
            stop=self._enough,
            before_sleep=self._wait,
            reraise=True,
        ):
            with attempt:
                try:
                    await apply(self._pool, batch, tombstones=self._tombstones)
                except Exception as error:
                    if judge(error) is Verdict.DOUBT and await self._ordinary():
                        doubts += 1
                        if doubts >= tries:
                            raise Unwritable(describe(error)) from error
                    raise
        _log_settled(batch)

    def _enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        waits = error is None or judge(error) in (Verdict.ENVIRONMENT, Verdict.DOUBT)
        return self._give_up() if waits else state.attempt_number >= TRIES_OF_UNKNOWN

    async def _wait(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error:
            log.warning("a batch is not written, trying again", error=describe(error), what_to_do=advice(error),
                        tries=state.attempt_number)  # fmt: skip
            await self._on_wait(error)


def _log_settled(batch: Batch) -> None:
    """A line for each delivery at DEBUG, and one for each cause for which events of a delivery are dead."""
    for one in batch.deliveries if log.is_enabled_for(DEBUG) else ():
        log.debug("settled", delivery=str(one.id), applied=one.applied, ignored=one.ignored, dead=one.dead)
    causes = Counter((str(one.delivery_id), one.error_kind, one.error) for one in batch.dead_letters)
    for (delivery, kind, error), events in causes.items():
        log.warning("dead letter", delivery=delivery, kind=kind, error=error, events=events)


def without(one: InterpretedDelivery, erased: Mapping[str, datetime]) -> InterpretedDelivery:
    """Return the delivery without the past of erased people: those events count as ignored and leave the body.

    Contact cards of erased people are removed from other people's messages, too.
    """
    delivery, reading = one.delivery, one.reading
    past = {position for position, facts in reading.events if is_past(facts, erased)}
    cards = {name for _, facts in reading.events for name in shares(facts, erased)}
    failures = reading.failures
    if past or cards or ((failures or reading.ignored) and not names_in(delivery.body).isdisjoint(erased)):
        body = scrubbed(delivery.body, erased if past or failures or reading.ignored else cards)
        event = EVENT if body == EMPTY else delivery.event
        delivery = delivery._replace(body=body, event=event, idempotency_key=None)
        left = erased_places(body)
        failures = [] if body == EMPTY else [one for one in failures if one.position not in left]
    events = [(position, kept(facts, erased)) for position, facts in reading.events if position not in past]
    return InterpretedDelivery(
        delivery,
        DeliveryReading(
            events, reading.ignored + len(past) + len(reading.failures) - len(failures), failures, reading.dropped
        ),
        {**one.erased, **erased},
    )


def _may_go_well(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, Erased) and judge(error) is not Verdict.DATA


def _unknown_error(reading: DeliveryReading) -> str | None:
    """What all of a delivery met; None when something in it went well, or failed for a known reason."""
    unknown = [failure.error for failure in reading.failures if failure.kind == "unexpected"]
    known = reading.events or reading.ignored or len(unknown) < len(reading.failures)
    return None if known or not unknown else unknown[0]


def dead_letter(delivery: Delivery, failure: EventFailure, release: str) -> NewDeadLetter:
    return NewDeadLetter(
        delivery.id,
        failure.position,
        delivery.received_at,
        delivery.event,
        delivery.idempotency_key,
        delivery.version,
        # No row of `deliveries` stands behind a page that a poll read.
        delivery.body if delivery.source == "poll" else None,
        failure.kind,
        failure.error,
        failure.fingerprint,
        release,
    )
