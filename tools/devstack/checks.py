"""`dev.py test`: every check that CI runs, on throw-away servers."""

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tools.devstack.browser import chromium, find_or_install_chromium
from tools.devstack.changes import changed, tests_of
from tools.devstack.environment import PYTHON, ROOT, RUN, say
from tools.devstack.processes import preexec
from tools.devstack.servers import Postgres, Valkey
from tools.devstack.stack import Stack, ended_by_signals
from tools.devstack.template import template_cluster

STATIC = (
    ("format", ["-m", "ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["-m", "ruff", "check", "--quiet", "."]),
    ("imports", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)
CORES = os.cpu_count() or 1
# Tests wait for processes and clocks about half of their time: two pytest processes for each core keep the cores busy.
ALL_AT_ONCE = 2 * CORES
# Needs a core for a minute, while the tests wait for browsers and processes.
TYPES = ["-m", "mypy"]
COMPILED = RUN / "compiled"
LEFT_OUT = """
!! LEFT OUT: every test that drives a browser. There is no Chromium here, and only root can install it:
!! as root, `python3 dev.py test` (or `apt-get install chromium`). CI never leaves them out.
"""


def test(arguments: list[str]) -> int:
    """All checks, each told with its time; with arguments, pytest alone, given those (--long: what takes long)."""
    RUN.mkdir(exist_ok=True)
    checks_all = not arguments or "--changed" in arguments
    processes, arguments = _options(arguments)
    failed: list[str] = []
    types: Future[bool] | None = None
    if checks_all:
        failed += [name for name, command in STATIC if not _check(name, command, None)]
    with (
        ended_by_signals(),
        ThreadPoolExecutor(1) as beside,
        tempfile.TemporaryDirectory(prefix="test-", dir=RUN) as folder,
    ):
        stack = Stack(Path(folder), durable=False)
        try:
            compiled = beside.submit(_compile) if checks_all and not COMPILED.exists() else None
            browser = chromium() if arguments else find_or_install_chromium()
            given = stack.full_environment() | servers_of(stack, Path(folder), processes)
            if compiled:
                compiled.result()
            types = beside.submit(_check, "types", TYPES, None) if checks_all else None
            given["MIRROR_TEST_CHROMIUM"] = browser or ""
            left_out = ["-m", "not browser"] if not browser and not arguments and not os.environ.get("CI") else []
            spread = ["-n", str(processes), "--dist", "loadgroup"] if processes > 1 else []
            if not _check("tests", ["-m", "pytest", *spread, *arguments, *left_out], given):
                failed.append("tests")
            if types and not types.result():
                failed.append("types")
            if left_out:
                say(LEFT_OUT)
        except KeyboardInterrupt:
            failed.append("interrupted")
        finally:
            stack.discard()
    say("all checks passed" if not failed else f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _compile() -> None:
    """Import all that is tested once: in a new folder, each process that runs tests would compile the same files.

    It needs a core while the template is made, which needs another one. Its findings come again from the tests.
    """
    subprocess.run(
        [PYTHON, "-m", "pytest", "--collect-only", "-qq"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, preexec_fn=preexec(),
    )  # fmt: skip
    COMPILED.touch()


def servers_of(stack: Stack, folder: Path, processes: int) -> dict[str, str]:
    """Start a PostgreSQL and a Valkey for each process that runs tests; the names under which tests find them."""
    with template_cluster() as template:
        for number in range(processes):
            own = folder / f"{number}" if number else folder
            postgres, valkey = Postgres(own, durable=False), Valkey(own, durable=False)
            stack.servers += [postgres, valkey]
            postgres.copy_from(template)
    for server in stack.servers:
        server.start()
    return {
        f"MIRROR_TEST_{name}_URLS": ",".join(one.url for one in stack.servers if isinstance(one, kind))
        for name, kind in (("DATABASE", Postgres), ("REDIS", Valkey))
    }


def _options(arguments: list[str]) -> tuple[int, list[str]]:
    """Take out what is ours, and leave the rest to pytest: how many processes, and which servers, and what changed."""
    parser = argparse.ArgumentParser(prog="dev.py test", add_help=False, allow_abbrev=False)
    parser.add_argument("-n", "--processes", type=int, choices=range(1, 17), metavar="N")
    parser.add_argument("--postgres", metavar="BIN")
    parser.add_argument("--redis", metavar="BIN")
    parser.add_argument("--changed", action="store_true")
    ours, rest = parser.parse_known_args(arguments)
    for name, path in (("MIRROR_POSTGRES_BIN", ours.postgres), ("MIRROR_REDIS_SERVER", ours.redis)):
        if path:
            os.environ[name] = str(Path(path).absolute())  # a link may be named like what it does
    if ours.changed:
        rest += tests_of(changed())
    if "--long" in rest:  # some of it measures times, which a crowd would spoil
        return ours.processes or CORES, rest
    return ours.processes or (ALL_AT_ONCE if not rest or ours.changed else 1), rest


def _check(name: str, command: list[str], environment: dict[str, str] | None) -> bool:
    begun = time.monotonic()
    done = subprocess.run([PYTHON, *command], cwd=ROOT, env=environment, check=False, preexec_fn=preexec())
    say(f"{name:8} {'ok' if done.returncode == 0 else 'FAILED'}  {time.monotonic() - begun:.1f} s")
    return done.returncode == 0
