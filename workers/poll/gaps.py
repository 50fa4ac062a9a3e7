"""Where Kapso says that deliveries failed: its log becomes windows to read again. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from kapso.base import AHEAD, iso_time
from store.mirror.cursors import Gap

# A delivery that failed may tell of a message that is a little older: a status, or one that waited for its turn.
BEFORE = timedelta(minutes=5)
AFTER = timedelta(minutes=1)
PAUSE = timedelta(minutes=2)


def is_over(gap: Gap, now: datetime) -> bool:
    """Nothing more has failed in it for a while: it may be read again."""
    return gap.until - AFTER + PAUSE < now


def gaps_of(items: Iterable[dict[str, Any]], *, since: datetime) -> tuple[list[Gap], bool]:
    """The windows of a page of failed deliveries, by whole minutes; and whether it reaches back behind `since`."""
    found: dict[tuple[str, datetime], Gap] = {}
    older, latest = False, datetime.now(UTC) + AHEAD
    for item in items:
        at = iso_time(item.get("created_at"), latest)
        if at is None:
            continue
        if at < since:
            older = True
            continue
        minute = at.replace(second=0, microsecond=0)
        until = minute + AFTER + timedelta(minutes=1)
        number = str(item.get("phone_number_id") or "")
        failed_at = max(iso_time(item.get("last_attempt_at"), latest) or at, at)
        known = found.get((number, minute))
        found[number, minute] = Gap(
            number, minute - BEFORE, until, max(failed_at, known.failed_at) if known else failed_at
        )
    return sorted(found.values()), older


def merged(gaps: Iterable[Gap]) -> list[Gap]:
    """Windows of one number that touch, or nearly do, as one."""
    found: list[Gap] = []
    for gap in sorted(gaps):
        last = found[-1] if found else None
        if last and last.phone_number_id == gap.phone_number_id and gap.since <= last.until + PAUSE:
            found[-1] = last._replace(until=max(last.until, gap.until), failed_at=max(last.failed_at, gap.failed_at))
        else:
            found.append(gap)
    return found
