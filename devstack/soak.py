"""`dev.py soak`: real processes are killed, hung and cut off under load; at the end every row and book is checked."""

import argparse
import json
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from devstack import processes
from devstack.absence import absence
from devstack.demo import has_finished, mirror, now, start_simulator
from devstack.environment import PYTHON, ROOT, RUN, say
from devstack.probe import Recovery, recover
from devstack.servers import Postgres, Valkey, postgres_binary
from devstack.stack import Stack, ended_by_signals

TARGETS = {
    "receiver": ("kill", "hang"),
    "worker": ("kill", "hang", "kill both"),
    "redis": ("kill", "hang", "cut"),
    "postgres": ("kill", "hang", "cut"),
}
FAULTS = {
    "chaos": "late, twice, in batches, under new keys, broken bodies, recycled numbers",
    "lose": "deliveries that never come; only the API has them",
    "pause": "Kapso pauses the webhooks; an operator resumes them",
    "api": "one request in ten to the API fails",
}
QUIET_SECONDS = 5
TAKEN_UP_SECONDS = 15


class Act(NamedTuple):
    """At that second of the soak the target is hurt, and healed `down` seconds later."""

    at: float
    target: str
    manner: str
    down: float


class Healed(NamedTuple):
    act: Act
    recovery: Recovery

    @property
    def in_time(self) -> bool:
        limit = TAKEN_UP_SECONDS if self.act.target == "worker" else self.recovery.allowed_seconds
        return self.recovery.seconds <= limit


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=3, help="how long the town talks (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same story and wounds (default 1)")
    parser.add_argument("--rate", type=float, default=40, help="events a second (default 40)")
    targets = f"what is hurt: {','.join(TARGETS)} (all), or none"
    parser.add_argument("--kill", type=_some(list(TARGETS)), default=list(TARGETS), help=targets)
    faults = "; ".join(f"{name}: {what}" for name, what in FAULTS.items())
    faults = f"what else goes wrong (all), or none. {faults}"
    parser.add_argument("--faults", type=_some(list(FAULTS)), default=list(FAULTS), help=faults)
    parser.add_argument("--every", type=float, default=14, help="seconds from one wound to the next (default 14)")
    away = "instead: the receiver is away that many minutes; until when has polling fetched everything?"
    parser.add_argument("--absence", type=float, metavar="MINUTES", help=away)
    parser.add_argument("--web-module", default="webhooks", help=argparse.SUPPRESS)
    parser.set_defaults(run=soak)


def _some(known: list[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        asked = [part.strip() for part in text.split(",") if part.strip()]
        if asked in (["none"], ["all"]):
            return [] if asked == ["none"] else known
        if unknown := set(asked) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}")
        return asked

    return parse


def acts(seed: int, seconds: float, every: float, targets: list[str]) -> list[Act]:
    """Every target in turn, in a shuffled order; the last wound leaves time to heal."""
    rng, found, turn = random.Random(f"soak {seed}"), [], []  # type: ignore[var-annotated]
    at = float(QUIET_SECONDS)
    while targets and at < seconds - every / 2:
        turn = turn or rng.sample(targets, len(targets))
        target = turn.pop()
        found.append(Act(at, target, rng.choice(TARGETS[target]), rng.uniform(0.5, min(7.0, every / 2))))
        at += every
    return found


def soak(arguments: argparse.Namespace) -> int:
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="soak-", dir=RUN) as folder:
        stack = Stack(Path(folder))
        try:
            return absence(stack, arguments) if arguments.absence else Soak(stack, arguments).run()
        except KeyboardInterrupt:
            say("\nStopping …")
            return 1
        finally:
            stack.discard()


class Soak:
    def __init__(self, stack: Stack, arguments: argparse.Namespace) -> None:
        self._stack = stack
        self._arguments = arguments
        self._ledger = stack.folder / "ledger.jsonl"
        self._healed: list[Healed] = []

    def run(self) -> int:
        stack, seconds = self._stack, self._arguments.minutes * 60
        stack.start_servers()
        stack.migrate()
        stack.expect_api()
        stack.start_processes(web_module=self._arguments.web_module)
        stack.modules["worker2"] = "workers"
        stack.start_process("worker2")
        began, begun = now(), time.monotonic()
        simulator = self._simulator(seconds)
        for act in acts(self._arguments.seed, seconds, self._arguments.every, self._arguments.kill):
            time.sleep(max(0.0, begun + act.at - time.monotonic()))
            self._perform(act, time.monotonic() - begun)
            if "pause" in self._arguments.faults and len(self._healed) == 3:
                self._pause()
        while not has_finished(stack) and simulator.poll() is None:
            time.sleep(0.5)
        last = recover(stack)
        say(f"the town is done; the last {last.waited:.0f} were settled within {last.seconds:.1f} s")
        mirror(stack, "reconcile", "--since", began)
        return self._judge()

    def _simulator(self, seconds: float) -> subprocess.Popen[bytes]:
        faults = self._arguments.faults
        chaos = [name for name, kind in (("all", "chaos"), ("lose", "lose")) if kind in faults]
        options = ["--seconds", str(seconds), "--rate", str(self._arguments.rate), "--seed", str(self._arguments.seed)]
        # Kapso tries after 10 and 40 seconds; here it is ten times as impatient, so that it gives up more.
        options += ["--retries", "1,4", "--chaos", ",".join(chaos) or "none", "--api-per-minute", "2000"]
        if "pause" in faults:
            options.append("--pauses")
        if "api" in faults:
            options += ["--api-faults", "0.1"]
        return start_simulator(self._stack, self._ledger, *options)

    # -- wounds

    def _perform(self, act: Act, at: float) -> None:
        heal = getattr(self, f"_{act.target}")(act.manner)
        time.sleep(act.down)
        heal()
        recovery = recover(self._stack)
        self._healed.append(Healed(act, recovery))
        late = "" if self._healed[-1].in_time else "  TOO LATE"
        say(f"{at:5.0f} s  {act.target}: {act.manner} for {act.down:.1f} s; {recovery.waited:.0f} waited, "
            f"fresh again after {recovery.seconds:.1f} s{late}")  # fmt: skip

    def _receiver(self, manner: str) -> Callable[[], None]:
        return self._hurt(["web"], manner)

    def _worker(self, manner: str) -> Callable[[], None]:
        return self._hurt(["worker", "worker2"] if manner == "kill both" else ["worker"], manner)

    def _hurt(self, names: list[str], manner: str) -> Callable[[], None]:
        chosen = [self._stack.processes[name] for name in names]
        if manner == "hang":
            return self._hang([process.pid for process in chosen])
        for process in chosen:
            process.kill()
            process.wait()

        def heal() -> None:
            for name in names:
                self._stack.start_process(name)

        return heal

    def _hang(self, pids: list[int]) -> Callable[[], None]:
        processes.signal_all(pids, signal.SIGSTOP)
        return lambda: processes.signal_all(pids, signal.SIGCONT)

    def _redis(self, manner: str) -> Callable[[], None]:
        (valkey,) = (server for server in self._stack.servers if isinstance(server, Valkey))
        if manner == "cut":
            valkey.cut()
            return lambda: None
        return self._server(valkey, manner)

    def _postgres(self, manner: str) -> Callable[[], None]:
        (postgres,) = (server for server in self._stack.servers if isinstance(server, Postgres))
        if manner == "cut":
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kapso-mirror'"
            command = [str(postgres_binary("psql")), postgres.url, "-qAtc", query]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return lambda: None
        return self._server(postgres, manner)

    def _server(self, server: Postgres | Valkey, manner: str) -> Callable[[], None]:
        assert server.process is not None
        pids = processes.family(server.process)
        if manner == "hang":
            return self._hang(pids)
        processes.signal_all(pids, signal.SIGKILL)
        server.process.wait()
        return server.start

    def _pause(self) -> None:
        """Kapso switches the webhooks off; an operator looks after a while and switches them on again."""
        given = self._stack.environment
        pause = (
            "import json, sys, urllib.request as u\n"
            "url, key = sys.argv[1:]\n"
            "def ask(path, method='GET', body=None):\n"
            "    r = u.Request(url + path, body, {'X-API-Key': key}, method=method)\n"
            "    return json.load(u.urlopen(r))\n"
            "for hook in ask('/platform/v1/whatsapp/webhooks')['data']:\n"
            "    body = json.dumps({'whatsapp_webhook': {'active': False}}).encode()\n"
            "    ask('/platform/v1/whatsapp/webhooks/' + hook['id'], 'PATCH', body)\n"
        )
        for _ in range(5):
            command = [str(PYTHON), "-c", pause, given["KAPSO_API_URL"], given["KAPSO_API_KEY"]]
            if subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.DEVNULL).returncode == 0:
                break
        time.sleep(3)
        code = mirror(self._stack, "webhooks", "resume")
        say(f"the webhooks were paused for 3 s and resumed (exit code {code})")

    # -- judgement

    def _judge(self) -> int:
        command = [str(PYTHON), "-m", "console", "verify", "--ledger", str(self._ledger)]
        done = subprocess.run(
            command, cwd=ROOT, env=self._stack.full_environment(), capture_output=True, text=True, check=False
        )
        found = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        slow = [healed for healed in self._healed if not healed.in_time]
        found |= {
            "seed": self._arguments.seed,
            "wounds": len(self._healed),
            "too_late": len(slow),
            "slowest_seconds": round(max((healed.recovery.seconds for healed in self._healed), default=0.0), 1),
        }
        if done.returncode:
            say(done.stdout + done.stderr)
            self._keep()
        print(json.dumps(found), flush=True)
        return 1 if done.returncode or slow else 0

    def _keep(self) -> None:
        """What is needed to find out why."""
        kept = RUN / f"soak-{self._arguments.seed}"
        kept.mkdir(exist_ok=True)
        for path in (*self._stack.folder.glob("*.log"), self._ledger):
            (kept / path.name).write_bytes(path.read_bytes())
        say(f"logs and ledger are kept in {kept}")
