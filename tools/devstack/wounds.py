"""How a running stack is hurt: processes and servers killed, hung, cut off. Each way returns how to heal it."""

import random
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tools.devstack import processes
from tools.devstack.servers import Postgres, Valkey, postgres_binary
from tools.devstack.stack import Stack

Heal: TypeAlias = Callable[[], None]

TARGETS = {
    "receiver": ("kill", "hang", "step"),
    "worker": ("kill", "hang", "kill both", "step"),
    "redis": ("kill", "hang", "cut", "flush"),
    "postgres": ("kill", "hang", "cut"),
}
QUIET_SECONDS = 5
LONGEST_SECONDS = 7.0
# How far a clock is stepped. The next look at the others corrects it, within a minute.
STEP_SECONDS = (-172_800, -3600, 90, 172_800)
CUT = Path(__file__).parent / "cut_connections.sql"


class Act(NamedTuple):
    """At that second the target is hurt, and healed `down` seconds later."""

    at: float
    target: str
    manner: str
    down: float


def acts(seed: int, seconds: float, every: float, targets: list[str]) -> list[Act]:
    """Every target in turn, in a shuffled order; the last wound leaves time to heal."""
    rng = random.Random(f"soak {seed}")
    found: list[Act] = []
    turn: list[str] = []
    at = float(QUIET_SECONDS)
    while targets and at < seconds - every / 2:
        turn = turn or rng.sample(targets, len(targets))
        target = turn.pop()
        found.append(Act(at, target, rng.choice(TARGETS[target]), rng.uniform(0.5, min(LONGEST_SECONDS, every / 2))))
        at += every
    return found


def hurt(stack: Stack, act: Act) -> Heal:
    target, manner = act.target, act.manner
    if manner == "step":
        seconds = STEP_SECONDS[int(act.down * 1000) % len(STEP_SECONDS)]
        return _step(stack, "web" if target == "receiver" else "worker", seconds)
    match target:
        case "receiver":
            return _processes(stack, ["web"], manner)
        case "worker":
            return _processes(stack, ["worker", "worker2"] if manner == "kill both" else ["worker"], manner)
        case "redis":
            (valkey,) = (server for server in stack.servers if isinstance(server, Valkey))
            if manner == "flush":
                return _flush(stack, valkey)
            return _cut(valkey.cut) if manner == "cut" else _server(valkey, manner)
        case "postgres":
            (postgres,) = (server for server in stack.servers if isinstance(server, Postgres))
            return _cut(lambda: _cut_postgres(postgres)) if manner == "cut" else _server(postgres, manner)
    raise ValueError(target)


def _processes(stack: Stack, names: list[str], manner: str) -> Heal:
    chosen = [stack.processes[name] for name in names]
    if manner == "hang":
        return _hang([process.pid for process in chosen])
    for process in chosen:
        process.kill()
        process.wait()

    def heal() -> None:
        for name in names:
            stack.start_process(name)

    return heal


def _server(server: Postgres | Valkey, manner: str) -> Heal:
    assert server.process is not None
    pids = processes.family(server.process.pid)
    if manner == "hang":
        return _hang(pids)
    processes.signal_all(pids, signal.SIGKILL)
    server.process.wait()
    return server.start


def _hang(pids: Sequence[int]) -> Heal:
    processes.signal_all(pids, signal.SIGSTOP)
    return lambda: processes.signal_all(pids, signal.SIGCONT)


def _step(stack: Stack, name: str, seconds: int) -> Heal:
    file = step_file(stack, name)
    file.write_text(str(seconds))
    return file.unlink


def step_file(stack: Stack, name: str) -> Path:
    return stack.folder / f"{name}.step"


def _flush(stack: Stack, valkey: Valkey) -> Heal:
    """Deliveries wait while no worker is there to take them; then all that Redis holds is gone."""
    workers = [stack.processes[name].pid for name in ("worker", "worker2")]
    resume = _hang(workers)

    def heal() -> None:
        valkey.tell("FLUSHALL")
        resume()

    return heal


def _cut(cut: Callable[[], None]) -> Heal:
    cut()
    return lambda: None


def _cut_postgres(postgres: Postgres) -> None:
    command = [str(postgres_binary("psql")), postgres.url, "-qf", str(CUT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
