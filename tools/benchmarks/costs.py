"""What processes cost: CPU and memory of our own, of those they started, and of both servers, as /proc counts them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from tools.devstack.processes import family

TICK = os.sysconf("SC_CLK_TCK")
SERVERS = {"postgres": "BENCH_POSTGRES_PID", "redis": "BENCH_VALKEY_PID"}


class Costs(NamedTuple):
    microseconds: dict[str, float]
    """An event, by process."""

    @classmethod
    def between(cls, before: Mapping[str, float], after: Mapping[str, float], events: int) -> Self:
        return cls({name: round((after[name] - before.get(name, 0.0)) / events * 1e6, 1) for name in after})


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU seconds used so far, by name. The children of workers are counted as "reading chats".

    A child that has ended counts with its parent.
    """
    found: dict[str, float] = {}
    for name, pid in [*_servers(), *pids.items()]:
        own, *others = family(pid)
        if name.startswith("worker"):
            found[name] = _cpu(own)
            found["reading chats"] = found.get("reading chats", 0.0) + sum(_cpu(one) for one in others)
        else:
            found[name] = sum(_cpu(one) for one in (own, *others))
    me = os.times()
    return found | {"load generator": me.user + me.system}


def memory(pids: Mapping[str, int]) -> dict[str, int]:
    """The most that each process held so far, in MB; of Postgres its largest, with what they share."""
    found = {name: _most_memory(pid) // 1024 for name, pid in pids.items()}
    for name, pid in _servers():
        found[name] = max(_most_memory(one) for one in family(pid)) // 1024
    for name, pid in pids.items():
        if name.startswith("worker"):
            found["reading chats"] = max([0, *(_most_memory(one) // 1024 for one in family(pid)[1:])])
    return found


def _servers() -> Iterator[tuple[str, int]]:
    for name, variable in SERVERS.items():
        if variable in os.environ:
            yield name, int(os.environ[variable])


def _cpu(pid: int) -> float:
    """With that of children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in range(11, 15)) / TICK


def _most_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
