"""Business hours, as a setting says them. Pure."""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class BusinessHours(NamedTuple):
    """Weekdays from 0 (Monday); a day's hours in that zone."""

    days: frozenset[int]
    begin: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> "BusinessHours":
        """`Mon-Sat 08:00-18:00 Asia/Jakarta`; raises ValueError."""
        try:
            days, hours, zone = text.split()
            first, _, last = days.partition("-")
            begin, _, end = hours.partition("-")
            a, b = DAYS.index(first.title()), DAYS.index((last or first).title())
            begins, ends = time.fromisoformat(begin), time.fromisoformat(end)
            if begins.tzinfo or ends.tzinfo:
                raise ValueError(hours)  # the zone stands behind them
            in_days = frozenset(range(a, b + 1) if a <= b else {*range(a, 7), *range(b + 1)})
            found = cls(in_days, begins, ends, ZoneInfo(zone))
        except ZoneInfoNotFoundError:
            raise ValueError(f"{zone!r} is no time zone: write one such as Asia/Jakarta") from None
        except (ValueError, KeyError, OSError):
            raise ValueError("write it like: Mon-Sat 08:00-18:00 Asia/Jakarta") from None
        if found.begin >= found.end:
            raise ValueError("the hours must end after they begin")
        return found

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much of that time lies within business hours; at most a fortnight is looked at."""
        since = max(since, until - timedelta(days=14)).astimezone(self.zone)
        until = until.astimezone(self.zone)
        total, day = timedelta(), since.date()
        while day <= until.date():
            if day.weekday() in self.days:
                begin = max(since, datetime.combine(day, self.begin, self.zone))
                end = min(until, datetime.combine(day, self.end, self.zone))
                total += max(timedelta(), end - begin)
            day += timedelta(days=1)
        return total
