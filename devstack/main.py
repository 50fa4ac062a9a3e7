"""The commands of dev.py."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devstack import checks, demo, environment, outage, soak
from devstack.browser import installed
from devstack.environment import PYTHON, ROOT, RUN, say
from devstack.processes import preexec
from devstack.servers import postgres_binary
from devstack.stack import DATA, DESCRIPTION, Stack, description, ended_by_signals, exclusive, running_stack
from simulator.chaos import KINDS, parse

EPILOG = (
    "Everything lives in .run/ of this checkout. With DATABASE_URL and REDIS_URL set, demo and up use those servers."
)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    # What follows these goes to another program as it stands.
    if given[:1] in (["test"], ["mirror"], ["psql"], ["bench"]) and not (
        given[1:] == ["--help"] and given[0] != "mirror"
    ):
        environment.ensure()
        return {"test": checks.test, "mirror": mirror, "psql": psql, "bench": bench}[given[0]](given[1:])
    parsed = _parser().parse_args(given)
    if parsed.command in ("demo", "up", "soak"):
        environment.ensure()
    code: int = parsed.run(parsed)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description="A whole mirror on a bare machine.", epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo_parser = commands.add_parser("demo", help="the stack and a simulated Kapso that talks to it")
    demo_parser.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help="end by itself, verify every row"
    )
    demo_parser.add_argument("--rate", type=float, default=20, help="events a second (default 20)")
    kinds = f"what goes wrong on the way: all,lose (default), none, or a list of {', '.join(KINDS)}"
    demo_parser.add_argument("--chaos", type=_chaos, default="all,lose", help=kinds)
    demo_parser.add_argument(
        "--outage", action="store_true", help="in about a minute: kill, lag, recovery, dead letters, replay, complete"
    )
    demo_parser.set_defaults(run=lambda given: outage.outage(given) if given.outage else demo.demo(given))
    commands.add_parser("up", help="the stack without the simulator, for working against").set_defaults(run=up)
    commands.add_parser("env", help='shell exports of the running stack: eval "$(python3 dev.py env)"').set_defaults(
        run=env
    )
    commands.add_parser("psql", help="a console on the running stack's database").set_defaults(run=lambda _: 0)
    commands.add_parser("mirror", help="the console command in the running stack: dev.py mirror status").set_defaults(
        run=lambda _: 0
    )
    commands.add_parser("reset", help="wipe the data of demo and up").set_defaults(run=reset)
    commands.add_parser(
        "test",
        help="every check that CI runs; more arguments go to pytest",
        description="Format, lint, types, imports and tests on throw-away servers, in about six minutes. "
        "With arguments pytest alone: dev.py test -k order -x",
    ).set_defaults(run=lambda _: 0)
    soak.add(
        commands.add_parser(
            "soak",
            help="processes killed under load and the books checked, on throw-away servers",
            description="A town talks while receiver, workers and servers are killed, hung and cut off. At the end "
            "every row and book is checked. The last line is one JSON object; exit code 1 when anything is wrong.",
        )
    )
    commands.add_parser(
        "bench",
        help="the benchmark, on throw-away servers",
        description="About forty minutes, --quick four. `bench leads` measures the lead database, `bench pages` the "
        "desk in a browser, `bench customers` look-ups by programs, `bench agents` knowledge and agents; --help after "
        "any of them says its options.",
    ).set_defaults(run=lambda _: 0)
    return parser


def _chaos(text: str) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def up(_: argparse.Namespace) -> int:
    with running_stack() as stack:
        demo.welcome(stack)
        try:
            demo.watch(stack.processes, stack.folder)
        except KeyboardInterrupt:
            say("\nStopping …")
    return 0


def env(_: argparse.Namespace) -> int:
    for name, value in description().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def psql(arguments: list[str]) -> int:
    found = description()
    return subprocess.run([postgres_binary("psql"), found["DATABASE_URL"], *arguments], check=False).returncode


def mirror(arguments: list[str]) -> int:
    given = {**os.environ, **(description() if DESCRIPTION.exists() else {})}
    if "DATABASE_URL" not in given:
        say("(No stack is running in this checkout: python3 dev.py up starts one.)")
    return subprocess.run(
        [PYTHON, "-m", "console", *arguments], cwd=Path.cwd(), env=given | {"PYTHONPATH": str(ROOT)}, check=False
    ).returncode


def bench(arguments: list[str]) -> int:
    """On servers of its own, as durable as real ones."""
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="bench-", dir=RUN) as folder:
        stack = Stack(Path(folder))
        try:
            stack.start_servers()
            stack.migrate()
            given = stack.full_environment() | {"PGBENCH": str(postgres_binary("pgbench"))}
            for server in stack.servers:
                given |= {
                    f"BENCH_{type(server).__name__.upper()}_PID": str(server.process.pid if server.process else "")
                }
            module, given_on = ("benchmarks", arguments)
            if arguments[:1] in (["leads"], ["pages"], ["customers"], ["agents"]):
                module, given_on = f"benchmarks.{arguments[0]}", arguments[1:]
            if module == "benchmarks.pages":
                given |= {"MIRROR_TEST_CHROMIUM": installed() or ""}
            return subprocess.run(
                [PYTHON, "-m", module, *given_on], cwd=ROOT, env=given, check=False, preexec_fn=preexec()
            ).returncode
        finally:
            stack.discard()


def reset(_: argparse.Namespace) -> int:
    """Only what dev.py made itself lies there; servers named by the environment are never touched."""
    with exclusive():
        for server in Stack(DATA).own_servers():
            server.wipe()
        shutil.rmtree(DATA, ignore_errors=True)
        demo.LEDGER.unlink(missing_ok=True)
    say("The data of this checkout's embedded servers is gone.")
    return 0
