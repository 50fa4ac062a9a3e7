"""Business hours: what counts as silence is a table of cases."""

from datetime import UTC, datetime, timedelta

import pytest

from config.hours import BusinessHours

HOURS = BusinessHours.parse("Mon-Sat 08:00-18:00 Asia/Jakarta")  # 01:00 to 11:00 UTC


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-11-23T02:00", "2026-11-23T03:30", 1.5),  # a Monday morning
        ("2026-11-22T02:00", "2026-11-22T09:00", 0),  # a Sunday
        ("2026-11-21T10:00", "2026-11-23T02:00", 2),  # Saturday's last hour, Monday's first
        ("2026-11-23T11:00", "2026-11-24T01:00", 0),  # a night
        ("2026-11-23T00:00", "2026-11-24T00:00", 10),
        ("2026-11-24T00:00", "2026-11-23T00:00", 0),
        ("2026-01-01T00:00", "2026-11-23T00:00", 120),  # no more than a fortnight is looked at
    ],
)
def test_only_business_hours_count(since: str, until: str, hours: float) -> None:
    assert HOURS.between(at(since), at(until)) == timedelta(hours=hours)


def test_a_week_may_wrap_around() -> None:
    wrapped = BusinessHours.parse("Sat-Mon 00:00-23:59 UTC")
    assert wrapped.days == {5, 6, 0}


@pytest.mark.parametrize(
    "text", ["", "Mon-Sat", "Mon-Sat 8-18 Asia/Jakarta", "Mon-Xyz 08:00-18:00 UTC", "Mon 08:00-18:00 Nowhere/City",
             "Mon-Fri 18:00-08:00 UTC"],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"Mon-Sat 08:00-18:00 Asia/Jakarta|end after|no time zone: write one such as"):
        BusinessHours.parse(text)


def test_a_time_with_an_offset_is_refused_as_the_zone_stands_behind() -> None:
    with pytest.raises(ValueError, match="Asia/Jakarta"):
        BusinessHours.parse("Mon-Sat 08:00-18:00+07:00 Asia/Jakarta")
