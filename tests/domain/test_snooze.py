"""Until when a choice snoozes, as the clock stands where the viewer is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.field_kinds import NotAllowed
from domain.snooze import HANDLED, until

JAKARTA = ZoneInfo("Asia/Jakarta")
# Sunday evening in London, Monday morning in Jakarta.
NOW = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "when"),
    [
        ("hours", "2026-11-30T06:30+07:00"), ("tomorrow", "2026-12-01T09:00+07:00"), ("monday", "2026-12-07T09:00+07:00"),
        ("week", "2026-12-07T09:00+07:00"), ("2026-11-30T04:00", "2026-11-30T04:00+07:00"),
        ("2026-11-29T21:00:00+00:00", "2026-11-30T04:00+07:00"),
    ],
)  # fmt: skip
def test_a_choice_is_a_moment_where_the_viewer_is(choice: str, when: str) -> None:
    assert until(choice, NOW, JAKARTA) == datetime.fromisoformat(when)


def test_handled_has_no_end_and_wake_ends_it() -> None:
    assert (until("handled", NOW, JAKARTA), until("wake", NOW, JAKARTA)) == (HANDLED, None)


@pytest.mark.parametrize("choice", ["", "soon", "2026-11-29T20:30", "2020-01-01T00:00", "99999-01-01T00:00"])
def test_what_is_no_time_to_come_is_refused(choice: str) -> None:
    with pytest.raises(NotAllowed):
        until(choice, NOW, JAKARTA)
