"""The commands of dev.py."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.devstack import against, checks, demo, docs, environment, outage, soak
from tools.devstack.browser import find_or_install_chromium
from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.processes import preexec
from tools.devstack.servers import postgres_binary
from tools.devstack.stack import DATA, DESCRIPTION, Stack, description, ended_by_signals, exclusive, running_stack
from tools.simulator.chaos import KINDS, parse

EPILOG = (
    "Everything lives in .run/ of this checkout. With DATABASE_URL and REDIS_URL set, demo and up use those servers."
)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    environment.read_settings()
    environment.keep_bytecode()
    try:
        return _done(given)
    except KeyboardInterrupt:  # in the middle of an installation, say: it begins anew next time
        say("\nInterrupted.")
        return 130


def _done(given: list[str]) -> int:
    # What follows these goes to another program as it stands.
    if given and given[0] in PASSED_ON and (given[1:] != ["--help"] or given[0] in IN_STACK):
        environment.ensure()
        return PASSED_ON[given[0]](given[1:])
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
    demo_parser.add_argument("--rate", type=float, help="events a second (default 0.6; with --chaos 20)")
    kinds = (
        f"instead of the story a town of torture: all,lose (if nothing is said), none, or a list of {', '.join(KINDS)}"
    )
    demo_parser.add_argument("--chaos", type=_chaos, nargs="?", const="all,lose", help=kinds)
    demo_parser.add_argument(
        "--outage", action="store_true", help="in about a minute: kill, lag, recovery, dead letters, replay, complete"
    )
    demo_parser.set_defaults(run=lambda given: outage.outage(given) if given.outage else demo.demo(given))
    commands.add_parser("up", help="the stack without the simulator, for working against").set_defaults(run=up)
    commands.add_parser("env", help='shell exports of the running stack: eval "$(python3 dev.py env)"').set_defaults(
        run=env
    )
    commands.add_parser("psql", help="a console on the running stack's database").set_defaults(run=lambda _: 0)
    for name, what in IN_STACK.items():
        commands.add_parser(name, help=what).set_defaults(run=lambda _: 0)
    commands.add_parser("reset", help="wipe the data of demo and up").set_defaults(run=reset)
    commands.add_parser(
        "test",
        help="every check that CI runs; more arguments go to pytest",
        description="Format, lint, types, imports and tests on throw-away servers, in two processes for each "
        "core. With arguments pytest alone: dev.py test -k order -x. --changed runs the tests of the rooms that "
        "differ from the last commit; --long what takes longer than CI may; --processes N spreads the tests over N "
        "processes; --postgres BIN and --redis BIN take servers of yours (a folder of programs, and a program).",
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
        "docs", help="make what in docs/ comes from the code anew: events, OpenAPI, data dictionary"
    ).set_defaults(run=lambda _: 0)
    commands.add_parser(
        "bench",
        help="the benchmark, on throw-away servers",
        description="About forty minutes, --quick three. `bench leads` measures the lead database, `bench pages` the "
        "desk in a browser, `bench customers` look-ups by programs, `bench agents` knowledge and agents; --help after "
        "any of them says its options. `bench --against COMMIT` runs this tree and that commit in turns, and prints "
        "ratios.",
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
        demo.show_users(stack)
        demo.mirror(stack, "check")
        try:
            demo.watch(stack.processes, stack.folder)
        except KeyboardInterrupt:
            say("\nStopping …")
    return 0


def env(_: argparse.Namespace) -> int:
    for name, value in description().items():
        print(f"export {name}={shlex.quote(value)}")
    print(f"export PATH={shlex.quote(str(PYTHON.parent))}:$PATH")
    return 0


def psql(arguments: list[str]) -> int:
    found = description()
    return subprocess.run([postgres_binary("psql"), found["DATABASE_URL"], *arguments], check=False).returncode


def mirror(arguments: list[str]) -> int:
    return _in_stack("cli", arguments)


def simulate(arguments: list[str]) -> int:
    return _in_stack("tools", ["simulate", *arguments])


def verify(arguments: list[str]) -> int:
    return _in_stack("tools", ["verify", *arguments])


def sql(arguments: list[str]) -> int:
    return _in_stack("tools", ["sql", *arguments])


def evaluate(arguments: list[str]) -> int:
    return _in_stack("tools", ["eval", *arguments])


def _in_stack(module: str, arguments: list[str]) -> int:
    """Run the module in the current folder, with the addresses of a running stack in its environment."""
    given = {**os.environ, **(description() if DESCRIPTION.exists() else {})}
    if "DATABASE_URL" not in given and module == "cli":
        say("(No stack is running in this checkout: python3 dev.py up starts one.)")
    command: list[str | Path] = [PYTHON, "-m", module, *arguments]
    return subprocess.run(command, cwd=Path.cwd(), env=given | {"PYTHONPATH": str(ROOT)}, check=False).returncode


def bench(arguments: list[str]) -> int:
    """On servers of its own, as durable as real ones."""
    if "--against" in arguments:
        return against.against(arguments)
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
            module, given_on = ("tools.benchmarks", arguments)
            if arguments[:1] in (["leads"], ["pages"], ["customers"], ["agents"]):
                module, given_on = f"tools.benchmarks.{arguments[0]}", arguments[1:]
            if module == "tools.benchmarks.pages":
                given |= {"MIRROR_TEST_CHROMIUM": find_or_install_chromium() or ""}
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


IN_STACK = {
    "mirror": "the console command in the running stack: dev.py mirror status",
    "simulate": "a town's signed webhooks to a URL, a REST API to poll, and a ledger of both",
    "verify": "compare every row with what a ledger says it must be",
    "eval": "how well chats are read, on synthetic gold chats",
    "sql": "make store/mirror/upserts.sql from the merge rules of domain/types.py",
}
PASSED_ON: dict[str, Callable[[list[str]], int]] = {
    "test": checks.test, "psql": psql, "bench": bench, "docs": docs.docs,
    "mirror": mirror, "simulate": simulate, "verify": verify, "eval": evaluate, "sql": sql,
}  # fmt: skip
