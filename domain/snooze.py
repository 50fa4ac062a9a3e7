"""Until when the inbox leaves a lead out (pure).

A handled lead is one that is snoozed until its person writes again: nothing is left to do until then.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.field_kinds import NotAllowed

HANDLED: Final = datetime(9999, 1, 1, tzinfo=UTC)
MORNING: Final = 9
HOURS: Final = 3
CHOICES: Final = ("hours", "tomorrow", "monday", "week", "handled")
"""In three hours, tomorrow at nine, next Monday at nine, in a week at nine, until they write."""


def is_handled(until: datetime | str | None) -> bool:
    """Whether a snooze has no time. `until` also as it stands in JSON."""
    return until is not None and str(until)[:4] == str(HANDLED.year)


def choice_of(until: datetime | None, now: datetime) -> str:
    """What `until` reads as that time; `wake` for none, and for one that is over."""
    return until.isoformat() if until and until > now else "wake"


def until(choice: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that a choice means to somebody in that zone; None for `wake`.

    Beside CHOICES, a time: local as a browser writes it, 2026-11-30T09:00, or with its zone. Raises NotAllowed.
    """
    here = now.astimezone(zone)
    days = {"tomorrow": 1, "monday": 7 - here.weekday(), "week": 7}
    if choice == "wake":
        return None
    if choice == "handled":
        return HANDLED
    if choice == "hours":
        return now + timedelta(hours=HOURS)
    if choice in days:
        return _morning(here + timedelta(days=days[choice]))
    try:
        said = datetime.fromisoformat(choice)
        at = (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotAllowed("say until when") from None
    if at <= now:
        raise NotAllowed("that time is over already")
    return at


def _morning(day: datetime) -> datetime:
    return day.replace(hour=MORNING, minute=0, second=0, microsecond=0).astimezone(UTC)
