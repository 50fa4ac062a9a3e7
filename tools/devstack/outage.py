"""`dev.py demo --outage`: the whole story of a bad hour, in about a minute, told while it happens."""

import argparse
import signal
import subprocess
import time

from tools.devstack import processes
from tools.devstack.demo import CHAOS_RATE, LEDGER, check, has_finished, mirror, now, talking, watch
from tools.devstack.environment import say
from tools.devstack.probe import Recovery, glance, recover
from tools.devstack.servers import Valkey, postgres_binary
from tools.devstack.stack import Stack, running_stack

SECONDS = 46
# What a careless change does: a constraint that some of the data breaks.
CARELESS = "ALTER TABLE messages ADD CONSTRAINT no_buttons CHECK (type NOT IN ('interactive', 'reaction')) NOT VALID"
REPENTED = "ALTER TABLE messages DROP CONSTRAINT no_buttons"


def outage(arguments: argparse.Namespace) -> int:
    with running_stack(simulated=True, poll_seconds=60) as stack:
        if not stack.servers:
            say("The outage kills its servers: it runs on embedded ones only. Unset DATABASE_URL and REDIS_URL.")
            return 2
        began = now()
        LEDGER.unlink(missing_ok=True)
        with talking(stack, LEDGER, *simulator_options(arguments)) as simulator:
            return _story(stack, simulator, began)


def simulator_options(arguments: argparse.Namespace) -> list[str]:
    rate = str(arguments.rate or CHAOS_RATE)
    return ["--seconds", str(SECONDS), "--rate", rate, "--chaos", "reorder,duplicate", "--retries", "0.5,1"]


def _story(stack: Stack, simulator: subprocess.Popen[bytes], began: str) -> int:
    _say("A town talks, Kapso pushes, the mirror follows.")
    time.sleep(4)
    _look(stack)
    _worker_dies(stack)
    _redis_dies(stack)
    _receiver_dies(stack)
    _dead_letters_come(stack)
    _dead_letters_go(stack)
    watch({**stack.processes, "simulator": simulator}, stack.folder, lambda: has_finished(stack))
    _say("Kapso gave up what came while the receiver was away. Polling fetches it, every minute or when asked:")
    return check(stack, LEDGER, since=began)


def _worker_dies(stack: Stack) -> None:
    _say("The worker is killed (SIGKILL). Deliveries are answered 200 and wait:")
    stack.processes["worker"].kill()
    stack.processes["worker"].wait()
    for _ in range(3):
        time.sleep(1)
        _look(stack)
    stack.start_process("worker")
    found = _recovered(stack)
    _say(f"A worker is back: all {found.largest_backlog:.0f} that waited were settled within {found.seconds:.1f} s.")


def _recovered(stack: Stack) -> Recovery:
    found = recover(stack)
    if not found.recovered:
        raise SystemExit(f"Deliveries still wait after {found.seconds:.0f} s. See {stack.folder / 'worker.log'}.")
    return found


def _redis_dies(stack: Stack) -> None:
    (valkey,) = (server for server in stack.servers if isinstance(server, Valkey))
    assert valkey.process is not None
    processes.signal_all([valkey.process.pid], signal.SIGKILL)
    valkey.process.wait()
    _say("Redis is killed. Deliveries go to the spill in Postgres, and are settled from there:")
    time.sleep(4)
    mirror(stack, "status")
    valkey.start()
    found = _recovered(stack)
    _say(f"Redis is back; fresh again after {found.seconds:.1f} s. Nobody had to do anything.")


def _receiver_dies(stack: Stack) -> None:
    _say("The receiver is killed for five seconds. Kapso (impatient here) tries three times and gives up.")
    stack.processes["web"].kill()
    stack.processes["web"].wait()
    time.sleep(5)
    stack.start_process("web")
    _recovered(stack)


def _dead_letters_come(stack: Stack) -> None:
    _say("Somebody adds a constraint that some messages break. They become dead letters; the rest goes on.")
    _psql(stack, CARELESS)
    time.sleep(6)
    mirror(stack, "dead-letters", "list", "--limit", "4")
    mirror(stack, "dead-letters", "groups")
    _psql(stack, REPENTED)


def _dead_letters_go(stack: Stack) -> None:
    _say("The cause is found and undone. What would become of them?  mirror dead-letters replay")
    mirror(stack, "dead-letters", "replay")
    _say("So, do it:  mirror dead-letters replay --go")
    mirror(stack, "dead-letters", "replay", "--go", "--by", "demo")


def _psql(stack: Stack, statement: str) -> None:
    url = stack.environment["DATABASE_URL"]
    subprocess.run([postgres_binary("psql"), url, "-qc", statement], check=True, stdout=subprocess.DEVNULL)


def _look(stack: Stack) -> None:
    if found := glance(stack):
        say(f"  waiting {found.waiting + found.spilled:.0f}, the oldest for {found.oldest_seconds:.1f} s")


def _say(text: str) -> None:
    say(f"\n▸ {text}")
