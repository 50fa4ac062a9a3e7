"""The figures of a run, as a table for people, as JSON for programs, and as a picture."""

import json
import statistics
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tools.benchmarks.chart import bars

Found = dict[str, Any]
DEFAULTS = "arq, defaults"


class ReportLine(NamedTuple):
    what: str
    value: str
    must: str = ""
    aim: str = ""


class Spread(NamedTuple):
    """A figure over the rounds."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return _n(self.median) if self.least == self.most else f"{_n(self.median)} ({_n(self.least)}–{_n(self.most)})"


def table(found: Found) -> str:
    how = (
        f"{found['machine']}; {found['minutes']} minutes. Figures with a range are medians of {len(found['rounds'])} "
        "interleaved rounds, the others were taken once. Chats are not read meanwhile, unless it says so."
    )
    lines = [
        how,
        "",
        "| measure | found | must | aim |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(line)} |" for line in _lines(found))])


def keep(found: Found, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    growth = dict(found.get("growth", {}))
    if plans := growth.pop("plans", None):
        (folder / "plans.md").write_text(plans)
    kept = found | ({"growth": growth} if growth else {})
    (folder / "latest.json").write_text(json.dumps(kept, indent=1, default=str) + "\n")
    (folder / "latest.md").write_text(table(found) + "\n")
    if contest := _contest(found):
        rows = [(name, most.median) for name, most in contest.items()]
        (folder / "latest.svg").write_text(bars("events a second that each sustains", rows, ours="ours"))


def _lines(found: Found) -> Iterator[ReportLine]:
    yield from _contest_lines(found)
    yield from _rate_lines(found)
    yield from _catch_up_lines(found)
    yield from _once_lines(found)


def _contest(found: Found) -> dict[str, Spread]:
    """What each sustains with bounded freshness; for arq's defaults, which bound nothing, all they settle."""
    names = [name for name in found["rounds"][0] if "saturated" in found["rounds"][0][name]] if found["rounds"] else []
    return {name: _spread(_most(name, one[name]) for one in found["rounds"]) for name in names}


def _contest_lines(found: Found) -> Iterator[ReportLine]:
    contest = _contest(found)
    if not contest:
        return
    ours = contest["ours"]
    yield ReportLine("sustained, freshness p99 < 250 ms, a second", str(ours), "4,500", "10,000")
    goals = {"arq, defaults": ("20×", "45×"), "arq, tuned": ("7×", "15×"), "direct": ("1.8×", "4×")}
    for name, goal in goals.items():
        ratio = _spread(_most("ours", one["ours"]) / max(1.0, _most(name, one[name])) for one in found["rounds"])
        what = "all that it settles" if name == DEFAULTS else "the same"
        yield ReportLine(f"{what}: {name}, {contest[name]} a second; ours against it", f"{ratio}×", *goal)
    saturated = _spread(one["ours"]["saturated"] for one in found["rounds"])
    yield ReportLine("all at once: events a second until the last commit", str(saturated))


def _most(name: str, one: Found) -> float:
    """arq's defaults look for jobs every half second and bound nothing: all that they settle counts for them."""
    return float(one["saturated"] if name == DEFAULTS else one["sustained"])


def _rate_lines(found: Found) -> Iterator[ReportLine]:
    if not found["rounds"] or "at rates" not in found["rounds"][0]:
        return
    goals = {"freshness_ms": ("25 ms", "10 ms"), "answer_ms": ("12 ms", "8 ms")}
    for rate in found["rounds"][0]["at rates"]:
        for what, goal in goals.items():
            spreads = [
                _spread(one["at rates"][rate][what][p] for one in found["rounds"]) for p in ("p50", "p95", "p99")
            ]
            name = "freshness" if what == "freshness_ms" else "acknowledgement"
            value = " / ".join(str(one.median) for one in spreads[:2])
            yield ReportLine(
                f"{name} at {int(rate):,}/s, p50 / p95 / p99", f"{value} / {spreads[2]} ms",
                *(goal if rate == "1000" else ()),
            )  # fmt: skip
    costs = found["rounds"][-1]["at rates"]["1000"]
    yield ReportLine("CPU at 1,000/s, µs an event", _listed(costs["cpu_us_per_post"]))
    yield ReportLine("memory at 4,000/s, MB", _listed(found["rounds"][-1]["at rates"]["4000"]["memory_mb"]))


def _catch_up_lines(found: Found) -> Iterator[ReportLine]:
    if not found["rounds"] or "catching up" not in found["rounds"][0]:
        return
    count = found["effort"]["backlog"]
    caught = _spread(one["catching up"]["per_second"] for one in found["rounds"])
    verified = all(one["catching up"]["verified_rows"] == count for one in found["rounds"])
    state = "every row verified" if verified else "ROWS ARE MISSING OR WRONG"
    yield ReportLine(f"catch-up of {count:,}, a second; {state}", str(caught))
    if "limit" in found["rounds"][0]:
        limit = _spread(one["limit"]["per_second"] for one in found["rounds"])
        ratio = _spread(one["catching up"]["per_second"] / one["limit"]["per_second"] for one in found["rounds"])
        yield ReportLine(
            f"the same against pgbench, our statements, two clients ({limit} a second)", str(ratio), "0.35", "0.6"
        )
    yield ReportLine("CPU of it, µs an event", _listed(found["rounds"][-1]["catching up"]["cpu_us_per_post"]))
    redis = _spread(one["catching up"]["redis_bytes_per_body_byte"] for one in found["rounds"])
    yield ReportLine("Redis per queued event, times the body", str(redis), "1.2", "1.1")


def _once_lines(found: Found) -> Iterator[ReportLine]:
    for name, lines in ONCE.items():
        if found.get(name):
            yield from lines(found[name])


def _beside(beside: Found) -> Iterator[ReportLine]:
    late = beside["at_1000"]["freshness_ms"]
    ratio = beside["catch_up"]["per_second"] / beside["catch_up_alone"]["per_second"]
    yield ReportLine("freshness at 1,000/s while all chats are read, p50 / p99", f"{late['p50']} / {late['p99']} ms")
    read = beside.get("chats_read") or 0
    yield ReportLine(f"catch-up while chats are read ({_n(float(read))} in that time), against alone", f"{ratio:.2f}")


def _cold(cold: Found) -> Iterator[ReportLine]:
    what = f"the first message after {cold['idle_seconds']:,.0f} s of silence, worst of {len(cold['freshness_ms'])}"
    yield ReportLine(what, f"{max(cold['freshness_ms'])} ms", "50 ms", "20 ms")


def _mixed(mixed: Found) -> Iterator[ReportLine]:
    late = mixed["at_1000_events"]["freshness_ms"]
    yield ReportLine("batches of 20, 60 % statuses: catch-up, events a second", _n(mixed["catch_up_events_per_second"]))
    yield ReportLine("the same at 1,000 events/s, freshness p50 / p99", f"{late['p50']} / {late['p99']} ms")


def _long(long: Found) -> Iterator[ReportLine]:
    used = long["memory_mb"]["worker"]
    yield ReportLine("a worker's memory over a drain of 1 million", f"{used} MB", "200 MB", "120 MB")


def _growth(growth: Found) -> Iterator[ReportLine]:
    empty = (growth["0"] + growth["0 again"]) / 2
    levels = [name for name in growth if name.isdigit() and name != "0"]
    for level in levels:
        goals = ("0.8", "0.95") if level == levels[-1] else ()
        yield ReportLine(
            f"catch-up at {int(level):,} messages, against an empty mirror", f"{growth[level] / empty:.2f}", *goals
        )


def _features(costs: Found) -> Iterator[ReportLine]:
    whole = statistics.mean(costs["all"])
    for name, rates in costs.items():
        if name not in ("all", "meeting strangers"):
            yield ReportLine(f"pgbench {name}", f"{statistics.mean(rates) / whole:.2f}× as fast")
    for name, rate in costs["meeting strangers"].items():
        yield ReportLine(f"people never seen before, {name}, a second", _n(rate))


def _writers(writers: Found) -> Iterator[ReportLine]:
    for name, figures in writers.items():
        goals = ("1.5×", "1.8×") if name == "two, people apart" else ()
        yield ReportLine(f"pgbench, clients: {name}", f"{_n(figures['per_second'])}/s ({figures['of_one']}×)", *goals)


def _two(two: Found) -> Iterator[ReportLine]:
    one, *_ = two.values()
    for name, figures in two.items():
        ratio = figures["saturated"] / one["saturated"]
        goals = ("1.2×", "1.6×") if name == "2 receivers, 2 streams, 2 workers" else ()
        value = f"{_n(figures['saturated'])}/s at once ({ratio:.2f}×), {_n(figures['catch_up'])}/s catching up"
        yield ReportLine(name, value, *goals)


ONCE: dict[str, Callable[[Found], Iterator[ReportLine]]] = {
    "beside reading": _beside, "cold wake": _cold, "mixed": _mixed, "long drain": _long, "two of each": _two,
    "growth": _growth, "features": _features, "writers": _writers,
}  # fmt: skip


def _spread(figures: Iterable[float]) -> Spread:
    values = [float(one) for one in figures]
    return Spread(statistics.median(values), min(values), max(values))


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {_n(value)}" for name, value in values.items())


def _n(value: float) -> str:
    return (
        f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}".rstrip("0").rstrip(".")
    )
