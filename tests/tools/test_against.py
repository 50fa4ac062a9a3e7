"""Two versions measured in turns: medians, and the ratio of what both have."""

from tools.devstack.against import table


def test_only_what_both_measured_is_compared_by_its_median() -> None:
    this = [{"limit per_second": 300.0, "new": 1.0}, {"limit per_second": 100.0}, {"limit per_second": 200.0}]
    other = [{"limit per_second": 100.0}, {"limit per_second": 100.0}, {"limit per_second": 900.0}]
    _, _, line = table(this, other).splitlines()
    assert line == "| limit per_second | 200 | 100 | 2.00 | 300 100 200 | 100 100 900 |"
