"""`dev.py soak --absence M`: the receiver is away for M minutes; how long until polling has fetched everything?"""

import argparse
import json
import subprocess
import time

from tools.devstack.demo import has_finished, mirror, start_simulator
from tools.devstack.environment import PYTHON, ROOT, say
from tools.devstack.stack import Stack

BEFORE_SECONDS = 30
ALLOWED_SECONDS = 300
LOOK_SECONDS = 10
KAPSOS_LIMIT = "100"
"""Requests a minute."""


def absence(stack: Stack, arguments: argparse.Namespace) -> int:
    """Kapso's own patience (10 and 40 s, then never again) and limit: 100 requests a minute, polled every minute."""
    stack.start_servers()
    stack.migrate()
    stack.expect_api(poll_seconds=60)
    stack.environment["KAPSO_REQUESTS_PER_MINUTE"] = KAPSOS_LIMIT
    stack.start_processes()
    ledger, seconds = stack.folder / "ledger.jsonl", BEFORE_SECONDS + arguments.absence * 60
    options = ["--seconds", str(seconds), "--rate", str(arguments.rate), "--seed", str(arguments.seed)]
    options += ["--retries", "10,40", "--pauses"]
    ledger.unlink(missing_ok=True)
    start_simulator(stack, ledger, *options, api_per_minute=KAPSOS_LIMIT)
    begun = time.monotonic()
    time.sleep(BEFORE_SECONDS)
    stack.processes["web"].kill()
    stack.processes["web"].wait()
    say(f"the receiver is away for {arguments.absence:g} minutes; polling goes on")
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    stack.start_process("web")
    back = time.monotonic()
    say("the receiver is back")
    mirror(stack, "webhooks", "resume")
    found = _until_complete(stack, str(ledger), back)
    print(json.dumps(found), flush=True)
    return 0 if found["in_time"] else 1


def _until_complete(stack: Stack, ledger: str, back: float) -> dict[str, object]:
    found: dict[str, object] = {}
    while time.monotonic() - back < 2 * ALLOWED_SECONDS:
        time.sleep(LOOK_SECONDS)
        if not has_finished(stack):
            continue
        command = [str(PYTHON), "-m", "tools", "verify", "--ledger", ledger, "--json", "--wait", "5"]
        done = subprocess.run(
            command, cwd=ROOT, env=stack.full_environment(), capture_output=True, text=True, check=False
        )
        found = json.loads(done.stdout.splitlines()[-1])
        after = round(time.monotonic() - back)
        say(f"{after:4} s after: {found['missing']} missing, {found['wrong']} wrong")
        if done.returncode == 0:
            return found | {"complete_after_seconds": after, "in_time": after <= ALLOWED_SECONDS}
    return found | {"complete_after_seconds": None, "in_time": False}
