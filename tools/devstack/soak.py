"""`dev.py soak`: real processes are killed, hung and cut off under load; at the end every row and book is checked."""

import argparse
import contextlib
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tools.devstack.absence import absence
from tools.devstack.demo import SIMULATOR_LOG, has_finished, mirror, now, start_simulator
from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.probe import Recovery, recover
from tools.devstack.stack import Stack, ended_by_signals
from tools.devstack.wounds import TARGETS, Act, acts, hurt, step_file

FAULTS = {
    "chaos": "late, twice, in batches, under new keys, broken bodies, recycled numbers",
    "lose": "deliveries that never come; only the API has them",
    "pause": "Kapso pauses the webhooks; an operator resumes them",
    "api": "one request in ten to the API fails",
}
TAKEN_UP_SECONDS = 15
REPAIRED_SECONDS = 90
PAUSE_AFTER = 3
PAUSE_SECONDS = 3
# Kapso tries again after 10 and 40 seconds; here it is ten times as impatient, so that it gives up more.
RETRIES = "1,4"


class Healed(NamedTuple):
    act: Act
    recovery: Recovery

    @property
    def in_time(self) -> bool:
        limit = TAKEN_UP_SECONDS if self.act.target == "worker" else self.recovery.allowed_seconds
        return self.recovery.recovered and self.recovery.seconds <= limit


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
    parser.add_argument("--web-module", default="tools.devstack.stepped_web", help=argparse.SUPPRESS)
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
        stack, given = self._stack, self._arguments
        stack.start_servers()
        stack.migrate()
        stack.expect_api()
        stack.steps = {name: step_file(stack, name) for name in ("web", "worker")}
        stack.start_processes(web_module=given.web_module, worker_module="tools.devstack.stepped_worker")
        stack.modules["worker2"] = "workers"
        stack.start_process("worker2")
        began, begun = now(), time.monotonic()
        self._ledger.unlink(missing_ok=True)
        simulator = start_simulator(stack, self._ledger, *self._options())
        for act in acts(given.seed, given.minutes * 60, given.every, given.kill):
            time.sleep(max(0.0, begun + act.at - time.monotonic()))
            self._perform(act)
            if "pause" in given.faults and len(self._healed) == PAUSE_AFTER:
                self._pause()
        while not has_finished(stack) and simulator.poll() is None:
            time.sleep(0.5)
        last = recover(stack)
        how = "were settled within" if last.recovered else "STILL WAIT after"
        say(f"the town is done; the last {last.largest_backlog:.0f} {how} {last.seconds:.1f} s")
        mirror(stack, "reconcile", "--since", began)
        self._until_repaired()
        return self._judge()

    def _until_repaired(self) -> None:
        """What Redis lost is read again by the worker itself."""
        ends = time.monotonic() + REPAIRED_SECONDS
        command = [str(PYTHON), "-m", "cli", "losses", "--json"]
        while time.monotonic() < ends:
            done = subprocess.run(
                command, cwd=ROOT, env=self._stack.full_environment(), capture_output=True, check=False
            )
            found = json.loads(done.stdout or "[]")
            if all(loss["repaired_at"] for loss in found):
                if found:
                    say(f"{len(found)} losses of Redis were noticed and read again")
                return
            time.sleep(1)

    def _options(self) -> list[str]:
        given, faults = self._arguments, self._arguments.faults
        chaos = [name for name, kind in (("all", "chaos"), ("lose", "lose")) if kind in faults]
        options = ["--seconds", str(given.minutes * 60), "--rate", str(given.rate), "--seed", str(given.seed)]
        options += ["--retries", RETRIES, "--chaos", ",".join(chaos) or "none", "--api-per-minute", "2000"]
        options += ["--pauses"] if "pause" in faults else []
        return options + (["--api-faults", "0.1"] if "api" in faults else [])

    def _perform(self, act: Act) -> None:
        heal = hurt(self._stack, act)
        time.sleep(act.down)
        heal()
        healed = Healed(act, recover(self._stack))
        self._healed.append(healed)
        late = "" if healed.in_time else "  TOO LATE"
        say(
            f"{act.at:5.0f} s  {act.target}: {act.manner} for {act.down:.1f} s; "
            f"{healed.recovery.largest_backlog:.0f} waited, fresh again after {healed.recovery.seconds:.1f} s{late}"
        )

    def _pause(self) -> None:
        """Kapso switches the webhooks off; an operator looks after a while and switches them on again."""
        for id in [webhook["id"] for webhook in self._ask("GET", "")["data"]]:
            self._ask("PATCH", f"/{id}", {"whatsapp_webhook": {"active": False}})
        time.sleep(PAUSE_SECONDS)
        code = mirror(self._stack, "webhooks", "resume")
        say(f"the webhooks were paused for {PAUSE_SECONDS} s and resumed (exit code {code})")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """The simulated API, which fails now and then."""
        given = self._stack.environment
        url = f"{given['KAPSO_API_URL']}/platform/v1/whatsapp/webhooks{path}"
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(url, data, {"X-API-Key": given["KAPSO_API_KEY"]}, method=method)  # noqa: S310
        for _ in range(20):
            with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return json.load(answer)
        log = (self._stack.folder / SIMULATOR_LOG).read_text(errors="replace")
        raise SystemExit(f"the simulated API does not answer. The end of its log:\n{log[-1500:]}")

    def _judge(self) -> int:
        command = [str(PYTHON), "-m", "tools", "verify", "--ledger", str(self._ledger)]
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
