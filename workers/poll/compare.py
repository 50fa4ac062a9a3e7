"""Hold what the API lists against the mirror and repair it: the same mapping and upserts, and a count of changes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson
import structlog
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from domain.delivery import Delivery, FailureKind
from domain.types import Facts
from store.mirror.apply import Batch, Settled, apply
from store.mirror.reconcile import ComparisonCounts
from store.ops.watch import ChangeRecorder, Changes
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED, Erased, Tombstones
from workers.drain.failures import TRIES_OF_UNKNOWN, Streak, Verdict, describe, judge
from workers.drain.interpret import DeliveryReading, EventFailure, interpret
from workers.drain.mapping.values import bounds_at
from workers.drain.ordinary import ordinary_write_succeeds
from workers.drain.settle import InterpretedDelivery, dead_letter, without

log = structlog.get_logger(__name__)

TABLES = {
    "poll.messages": "messages",
    "poll.conversations": "conversations",
    "poll.contacts": "sightings",
    "poll.events": "project_events",
    "poll.executions": "workflow_executions",
}
# What pushing brings. The rest (a template's words, metadata, a late media URL) only the API may know.
PUSHED = frozenset(
    {"direction", "type", "status", "sent_at", "delivered_at", "read_at", "failed_at", "error", "ended_at"}
)
PUSHED_RUNS = ("handoff", "failed")


class Comparer:
    def __init__(
        self,
        pool: Pool,
        *,
        release: str,
        grace: timedelta,
        heard: Callable[[str, ComparisonCounts], None] | None = None,
        tombstones: Tombstones = NOBODY_ERASED,
    ) -> None:
        """Rows older than `grace` count as late. `heard` is called after each page."""
        self._pool = pool
        self._release = release
        self._grace = grace
        self._heard = heard
        self._tombstones = tombstones
        self._streak = Streak()

    async def page(
        self, event: str, elements: Sequence[dict[str, Any]], erased: Mapping[str, datetime] | None = None
    ) -> ComparisonCounts:
        """Written when it returns, without the past of people who were erased. Raises errors of the environment."""
        if not elements:
            return ComparisonCounts()
        delivery = _delivery(event, elements, uuid4().hex)
        read = without(
            InterpretedDelivery(delivery, interpret(delivery, bounds_at(delivery.received_at))), erased or {}
        )
        delivery, reading = read.delivery, read.reading
        facts = Facts()
        for _, one in reading.events:
            facts.add(one)
        books = Settled.of(delivery, len(reading.events), reading.ignored, 0, len(reading.dropped))
        watch = ChangeRecorder(facts, keep=True)
        try:
            batch = Batch(facts=facts, deliveries=[books], erased=dict(read.erased))
            await self._apply(batch, watch, tries=TRIES_OF_UNKNOWN if len(elements) == 1 else 1)
        except Erased as told:
            return await self.page(event, elements, told.names)
        except Exception as error:
            verdict = judge(error)
            if verdict in (Verdict.ENVIRONMENT, Verdict.DOUBT):
                raise
            if len(elements) > 1:
                return await self._one_by_one(event, elements)
            await self._unless_stuck(error)
            kind: FailureKind = "refused" if verdict is Verdict.DATA else "unexpected"
            reading = DeliveryReading(failures=[EventFailure(0, kind, describe(error))])
        else:
            self._streak = Streak()
        await self._bury(event, elements, reading)
        found = self._found(event, facts, watch.changes, len(elements))
        found.equal = max(0, found.equal - len(reading.failures) - reading.ignored)
        if self._heard:
            self._heard(event, found)
        return found

    async def _apply(self, batch: Batch, watch: ChangeRecorder, *, tries: int) -> None:
        """Write the batch. Retry unknown errors, up to `tries` attempts."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(lambda error: judge(error) is Verdict.UNKNOWN and not isinstance(error, Erased)),
            wait=wait_exponential_jitter(multiplier=0.05, max=1, jitter=0.05),
            stop=stop_after_attempt(tries),
            reraise=True,
        ):
            with attempt:
                await apply(self._pool, batch, watch, tombstones=self._tombstones)

    async def _unless_stuck(self, error: Exception) -> None:
        """Raise the error if many objects in a row met the same unknown error and an ordinary write fails too."""
        self._streak = self._streak.after(describe(error) if judge(error) is Verdict.UNKNOWN else None)
        if self._streak.is_long:
            if not await ordinary_write_succeeds(self._pool, self._tombstones):
                raise error
            self._streak = Streak()

    async def _one_by_one(self, event: str, elements: Sequence[dict[str, Any]]) -> ComparisonCounts:
        found = ComparisonCounts()
        for element in elements:
            found.add(await self.page(event, [element]))
        return found

    async def _bury(self, event: str, elements: Sequence[dict[str, Any]], reading: DeliveryReading) -> None:
        """An object that can't be read comes again with every poll: its letter keeps one id, and counts."""
        for failure in reading.failures:
            element = elements[failure.position]
            same = orjson.dumps(element, option=orjson.OPT_SORT_KEYS).decode()
            letter = dead_letter(_delivery(event, [element], same), failure._replace(position=0), self._release)
            await apply(self._pool, Batch(dead_letters=[letter]), tombstones=self._tombstones)
            log.warning("dead letter from a poll", polled=event, kind=failure.kind, error=failure.error)

    def _found(self, event: str, facts: Facts, changes: Changes, checked: int) -> ComparisonCounts:
        table, unpushed = TABLES[event], _unpushed(facts)
        missing = {key for of, key in changes.missing if of == table} - unpushed
        repaired = {
            key: fields for (of, key), fields in changes.repaired.items() if of == table and key not in unpushed
        }
        found = ComparisonCounts(
            checked=checked, missing=len(missing), equal=max(0, checked - len(missing) - len(repaired))
        )
        for fields in repaired.values():
            found.repaired.update(f"{table}.{name}" for name in fields)
        pushed = missing | {key for key, fields in repaired.items() if PUSHED.intersection(fields)}
        old = datetime.now(UTC) - self._grace
        said = _said_at(facts)
        found.late = sum(1 for key in pushed if (at := said.get(key)) and at < old)
        return found


def _delivery(event: str, elements: Sequence[dict[str, Any]], name: str) -> Delivery:
    body = orjson.dumps({"data": elements})
    return Delivery(uuid5(NAMESPACE_URL, name), datetime.now(UTC), event, None, None, body, source="poll")


def _unpushed(facts: Facts) -> set[str]:
    """Runs of the bot that only polls can find: that the mirror did not have them is no loss."""
    return {run.id for run in facts.workflow_executions if run.status not in PUSHED_RUNS}


def _said_at(facts: Facts) -> dict[str, datetime]:
    """The newest time that stands in each message and conversation."""
    found: dict[str, datetime] = {}
    for message in facts.messages:
        if at := _newest(message.sent_at, message.delivered_at, message.read_at, message.failed_at):
            found[message.id] = at
    for conversation in facts.conversations:
        if at := _newest(conversation.state_at, conversation.last_active_at):
            found[str(conversation.id)] = at
    return found


def _newest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at), default=None)
