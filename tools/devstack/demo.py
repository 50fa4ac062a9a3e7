"""`dev.py demo`: the stack, and a simulated Kapso that sends events and serves its API."""

import argparse
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.processes import preexec
from tools.devstack.stack import Stack, running_stack

LEDGER = RUN / "ledger.jsonl"
SIMULATOR_LOG = "simulator.log"
FINISHED = "seed "
# Few enough that some answer most of Sarah's questions within half a minute.
PEOPLE = "60"
STORY, STORY_LEDGER = "story.json", "story.jsonl"
API_PER_MINUTE = "1000"
STORY_RATE, CHAOS_RATE = 0.6, 20.0
SELLERS = ("rina", "dimas", "putri")
ARTICLES = ROOT / "tools" / "simulator" / "story" / "articles"
HISTORY_SECONDS = 120.0
"""Limit for sending the eight weeks."""
FIRST_LOOK = """  LapakRapi sells an app that answers the WhatsApp chats of small shops. Sign in as rina, a seller:
  1. Inbox: who waits longest, and what Sarah, the bot, found out about them, with the words that say so.
  2. Open a lead: the suggested reply, facts with their source, the timeline. A new message comes every few seconds.
  3. As admin: Overview (this week against the last, what AI did today) and Operations.
"""


def demo(arguments: argparse.Namespace) -> int:
    """Play the story of an invented company, or with `--chaos` a town in which everything goes wrong."""
    with_story = arguments.chaos is None
    with running_stack(simulated=True) as stack:
        ledger = stack.folder / STORY_LEDGER if with_story else LEDGER
        began, is_open = now(), not with_story or (stack.folder / STORY).exists()
        options = ["--rate", str(arguments.rate or (STORY_RATE if with_story else CHAOS_RATE))]
        options += (
            ["--story", str(stack.folder / STORY)] if with_story else ["--chaos", arguments.chaos, "--people", PEOPLE]
        )
        if arguments.seconds is not None:
            options += ["--seconds", str(arguments.seconds)]
        # The people of the story come back, and are compared as all runs of it made them.
        if not (with_story and is_open):
            ledger.unlink(missing_ok=True)
        with talking(stack, ledger, *options) as simulator:
            welcome(stack)
            show_users(stack, SELLERS if with_story else ())
            if not is_open:
                open_story(stack, simulator)
            if with_story:
                say(FIRST_LOOK)
            with _watcher(stack):
                watch({**stack.processes, "simulator": simulator}, stack.folder, lambda: has_finished(stack))
            show_leads(stack)
            return check(stack, ledger, since=began)


def open_story(stack: Stack, simulator: subprocess.Popen[bytes]) -> None:
    """Wait until the eight weeks are sent, then have the chats read and the sellers work on the leads."""
    say("  sending eight weeks of chats …")
    file, began = stack.folder / STORY, time.monotonic()
    quiet(stack, "cli", "knowledge", "import", str(ARTICLES))  # beside the simulator, which sends them now
    began_at = (datetime.now(UTC) - timedelta(days=120)).isoformat(timespec="seconds")
    while not file.exists():
        if simulator.poll() is not None or time.monotonic() - began > HISTORY_SECONDS:
            raise SystemExit(f"The eight weeks of chats were not sent. See {stack.folder / SIMULATOR_LOG}.")
        time.sleep(0.05)
    # Exit code 1 means repaired: a status arrived between its push and the comparison.
    quiet(stack, "cli", "reconcile", "--since", began_at, fine=(0, 1))
    quiet(stack, "tools", "team", str(file))
    quiet(stack, "cli", "read-chats")
    quiet(stack, "tools", "team", str(file), "--times")


def show_leads(stack: Stack) -> None:
    """Read the chats now and print the best leads."""
    say("\nReading the chats, as workers do every 30 seconds …")
    mirror(stack, "read-chats")
    mirror(stack, "leads", "--score", "1", "--limit", "8")


@contextmanager
def talking(stack: Stack, ledger: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the simulator. Ctrl-C ends everything with exit code 0."""
    simulator = start_simulator(stack, ledger, *options)
    try:
        yield simulator
    except KeyboardInterrupt:
        say("\nStopping …")
        raise SystemExit(0) from None
    finally:
        simulator.send_signal(signal.SIGTERM)
        simulator.wait()


@contextmanager
def _watcher(stack: Stack) -> Iterator[None]:
    """Print a line of status every second."""
    command: list[str | Path] = [PYTHON, "-m", "cli", "status", "--watch"]
    watcher = subprocess.Popen(  # the terminal's Ctrl-C is ours; when we are killed, it ends too
        command, cwd=ROOT, env=stack.full_environment(), start_new_session=True, preexec_fn=preexec()
    )
    try:
        yield
    finally:
        watcher.send_signal(signal.SIGTERM)
        watcher.wait()


def check(stack: Stack, ledger: Path, *, since: str) -> int:
    """Fetch what was never delivered, then compare every row with the ledger."""
    say("\nFetching over REST what was never delivered …")
    mirror(stack, "reconcile", "--since", since)
    say("Verifying every row against what was sent …")
    return run(stack, "tools", "verify", "--ledger", str(ledger))


def start_simulator(
    stack: Stack, ledger: Path, *options: str, api_per_minute: str = API_PER_MINUTE
) -> subprocess.Popen[bytes]:
    """Start the simulator. It appends to the ledger: with the lines of another run, the rows of both are compared."""
    log = stack.folder / SIMULATOR_LOG
    log.unlink(missing_ok=True)
    given = stack.environment
    where = ["--url", given["WEBHOOK_URL"], f"--secret={given['KAPSO_WEBHOOK_SECRETS']}", "--ledger", str(ledger)]
    port = given["KAPSO_API_URL"].rpartition(":")[2]
    api = ["--api-port", port, f"--api-key={given['KAPSO_API_KEY']}", "--api-per-minute", api_per_minute]
    return stack.run("tools", "simulate", *where, *api, *options, log=log)


def has_finished(stack: Stack) -> bool:
    """Return whether all events were sent and the ledger is complete. The API of the simulator stays up."""
    log = stack.folder / SIMULATOR_LOG
    return log.exists() and any(line.startswith(FINISHED) for line in log.read_text(errors="replace").splitlines())


def mirror(stack: Stack, *arguments: str) -> int:
    """Run a console command in the environment of the stack, with its output on this terminal."""
    return run(stack, "cli", *arguments)


def quiet(stack: Stack, module: str, *arguments: str, fine: Sequence[int] = (0,), given: str = "") -> None:
    """Run a command with `given` as its input. Its output is printed only if its exit code is not in `fine`."""
    command: list[str | Path] = [PYTHON, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=stack.full_environment(), input=given, capture_output=True, text=True, check=False
    )
    if done.returncode not in fine:
        raise SystemExit(done.stdout + done.stderr)


def run(stack: Stack, module: str, *arguments: str) -> int:
    command: list[str | Path] = [PYTHON, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=stack.full_environment(), check=False).returncode


def welcome(stack: Stack) -> None:
    say("")
    say(f"  webhooks   {stack.environment['WEBHOOK_URL']}")
    say("  database   python3 dev.py psql            then: TABLE mirror_freshness; or TABLE lead_list;")
    say("  console    python3 dev.py mirror status   or dead-letters, replay, reconcile, webhooks …")
    say(f"  logs       {os.path.relpath(stack.folder)}/*.log")
    say("  Ctrl-C stops everything and keeps the data; python3 dev.py reset wipes it.")
    say("")


def show_users(stack: Stack, sellers: Sequence[str] = ()) -> None:
    """Create a user of each role, with `sellers` for the role sales. Passwords stay the same between starts."""
    file = stack.folder / "users.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    say(f"  dashboard  {stack.environment['DASHBOARD_URL']}")
    roles = {
        "viewer": "viewer",
        **dict.fromkeys(sellers or ("sales",), "sales"),
        "operator": "operator",
        "admin": "admin",
    }
    for name in roles:
        kept.setdefault(name, secrets.token_hex(8))
    made = {name: {"role": role, "password": kept[name]} for name, role in roles.items()}
    quiet(stack, "tools", "users", given=json.dumps(made))
    for name in roles:
        say(f"             {name:<10}{kept[name]}")
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept))
    say("")


def watch(
    processes: Mapping[str, subprocess.Popen[bytes]], folder: Path, until: Callable[[], bool] = lambda: False
) -> None:
    """Wait for `until`. Raises SystemExit with the end of its log if a process ends."""
    while not until():
        for name, process in processes.items():
            if process.poll() is not None:
                log = folder / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise SystemExit(f"\nThe {name} process has ended. The end of {log}:\n{tail}")
        time.sleep(0.2)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
