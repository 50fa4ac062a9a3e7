"""Fallback polling: read over REST what pushing should have brought, window by window, and compare it with the mirror.

A cursor moves behind a page only when the page is written, so a poll that dies goes on where it was. Windows overlap:
times are whole seconds, and what is made in a window's last second may be listed a little later.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from kapso.client import Client, Gone, KapsoPage, Priority, Rejected, pages
from store.mirror import cursors, reconcile
from store.mirror.reconcile import ComparisonCounts
from store.postgres import Pool
from workers.poll.compare import Comparer
from workers.poll.gaps import gaps_of, is_over, merged

log = structlog.get_logger(__name__)

OVERLAP = timedelta(seconds=60)
# The API lists runs by workflow only: workflows that ran lately are asked for, a request each.
MOST_WORKFLOWS = 10
MOST_CURSORS = 10_000
# The log is sorted by creation time, but a delivery is listed as failed only minutes later.
LOG_OVERLAP = timedelta(minutes=10)
REFUSED_REST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PollSource:
    """One list of the API that can be read by windows of time; `shape` makes an element of our page from an item."""

    name: str
    event: str
    read: Callable[[datetime, datetime, str | None, Priority], Awaitable[KapsoPage]]
    shape: Callable[[dict[str, Any]], dict[str, Any]]


class Poll:
    def __init__(self, pool: Pool, client: Client, comparer: Comparer) -> None:
        self._pool = pool
        self._client = client
        self._comparer = comparer
        self._refused_until = datetime.min.replace(tzinfo=UTC)
        self._refused_what: list[str] = []

    async def fresh(self, numbers: Iterable[str], found: ComparisonCounts | None = None) -> ComparisonCounts:
        """All sources from where each was left to now. Adds each page to `found`, so that an error loses no count."""
        found = found or ComparisonCounts()
        ours = await self._sources(numbers)
        # A workflow that is not among the newest now may be so again: its cursor stays, or its past is read anew.
        rest = [f"executions:{id}" for id in await reconcile.workflow_ids(self._pool, MOST_CURSORS)]
        await cursors.forget_others(self._pool, [*(source.name for source in ours), *rest])
        for source in ours:
            await self._tried(source, self._advance(source, found), found)
        return found

    async def window(
        self, numbers: Iterable[str], since: datetime, until: datetime, priority: Priority, *, only: str = "",
        found: ComparisonCounts | None = None,
    ) -> ComparisonCounts:  # fmt: skip
        """All sources, or those whose name begins with `only`, in that window, whatever the cursors say."""
        found = found or ComparisonCounts()
        for source in await self._sources(numbers):
            if source.name.startswith(only):
                await self._tried(source, self._read(source, since, until, None, priority, None, found), found)
        return found

    async def _tried(self, source: PollSource, reading: Awaitable[None], found: ComparisonCounts) -> None:
        """Read one list. Where Kapso does not have it, or refuses the request, the others are read all the same."""
        try:
            await reading
        except (Gone, Rejected) as error:
            said = (
                "Kapso no longer has this list"
                if isinstance(error, Gone)
                else "Kapso refused our request for this list"
            )
            log.warning(said, source=source.name, error=str(error))
            found.refused += isinstance(error, Rejected)
            found.troubles.append(f"{source.name}: {error}")

    async def reread_gaps(
        self, numbers: list[str], now: datetime, found: ComparisonCounts | None = None
    ) -> ComparisonCounts:
        """Windows in which Kapso's own log says that deliveries failed, read again once they are over.

        A window stays open while Kapso refuses one of its lists. Then all wait for REFUSED_REST.
        """
        found = found or ComparisonCounts()
        await self._find_gaps(now)
        if now < self._refused_until:
            found.troubles += self._refused_what
            return found
        known = await cursors.open_gaps(self._pool)
        for gap in merged(known):
            if not is_over(gap, now):
                continue
            of = [gap.phone_number_id] if gap.phone_number_id in numbers else numbers
            read = ComparisonCounts()
            try:
                await self.window(of, gap.since, gap.until, Priority.REPAIR, found=read)
            finally:
                found.add(read)
            if read.refused:
                self._refused_until, self._refused_what = now + REFUSED_REST, read.troubles
                continue
            inside = [
                one
                for one in known
                if one.phone_number_id == gap.phone_number_id and gap.since <= one.since and one.until <= gap.until
            ]
            await cursors.close_gaps(self._pool, inside)
            log.info("read a gap again", since=str(gap.since), until=str(gap.until), missing=read.missing)
        return found

    async def _find_gaps(self, now: datetime) -> None:
        """The log is newest first, without a filter by time: read until it meets what was seen before."""
        seen = (await cursors.cursor(self._pool, "failed_deliveries")).complete_to
        async for page in pages(lambda after: self._client.failed_deliveries(after, Priority.FRESH)):
            found, older = gaps_of(page.items, since=seen - LOG_OVERLAP)
            await cursors.add_gaps(self._pool, found)
            if older:
                break
        await cursors.close(self._pool, "failed_deliveries", now)

    async def _advance(self, source: PollSource, found: ComparisonCounts) -> None:
        at = await cursors.cursor(self._pool, source.name)
        until = at.reading_to or datetime.now(UTC)
        since = max(at.complete_to - OVERLAP, await cursors.began_at(self._pool))
        try:
            await self._read(source, since, until, at.page, Priority.FRESH, source.name, found)
        except Rejected:
            if at.page is None:
                raise
            # A cursor of the API that it no longer takes: begin the window anew.
            await self._read(source, since, until, None, Priority.FRESH, source.name, found)
        await cursors.close(self._pool, source.name, until)

    async def _read(
        self,
        source: PollSource,
        since: datetime,
        until: datetime,
        page: str | None,
        priority: Priority,
        cursor: str | None,
        found: ComparisonCounts,
    ) -> None:
        async for one in pages(lambda after: source.read(since, until, after, priority), page):
            found.add(await self._comparer.page(source.event, [source.shape(item) for item in one.items]))
            if cursor:
                await cursors.move(self._pool, cursor, reading_to=until, page=one.next)

    async def _sources(self, numbers: Iterable[str]) -> list[PollSource]:
        client = self._client
        found = [PollSource("events", "poll.events", client.events, lambda item: item)]
        for number in numbers:
            found += [
                PollSource(
                    f"messages:{number}", "poll.messages", _of(client.messages, number), _shape("message", number)
                ),
                PollSource(
                    f"conversations:{number}",
                    "poll.conversations",
                    _of(client.conversations, number),
                    _shape("conversation", number),
                ),
            ]
        for id in await reconcile.workflow_ids(self._pool, MOST_WORKFLOWS):
            read = _of(client.executions, id)
            found.append(PollSource(f"executions:{id}", "poll.executions", read, _execution(id)))
        return found


Ask = Callable[[str, datetime, datetime, str | None, Priority], Awaitable[KapsoPage]]


def _of(ask: Ask, number: str) -> Callable[[datetime, datetime, str | None, Priority], Awaitable[KapsoPage]]:
    return lambda since, until, after, priority: ask(number, since, until, after, priority)


def _shape(key: str, number: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {key: item, "phone_number_id": number}


def _execution(workflow_id: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {"workflow_id": workflow_id, **item}


async def numbers(pool: Pool, client: Client, priority: Priority) -> list[str]:
    """Our numbers as Kapso lists them; those that the mirror has met, where it lists none."""
    listed = {str(item.get("phone_number_id") or item.get("id")) for item in await client.phone_numbers(priority)}
    return sorted(listed) or await reconcile.phone_number_ids(pool)
