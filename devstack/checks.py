"""`dev.py test`: every check that CI runs, on throw-away servers."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from devstack.browser import chromium, installed
from devstack.environment import PYTHON, ROOT, RUN, say
from devstack.processes import preexec
from devstack.stack import Stack, ended_by_signals

STATIC = (
    ("format", ["-m", "ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["-m", "ruff", "check", "--quiet", "."]),
    ("types", ["-m", "mypy"]),
    ("imports", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)
LEFT_OUT = """
!! LEFT OUT: every test that drives a browser. There is no Chromium here, and only root can install it:
!! as root, `python3 dev.py test` (or `apt-get install chromium`). CI never leaves them out.
"""


def test(arguments: list[str]) -> int:
    """All checks, each told with its time; with arguments, pytest alone, given those."""
    RUN.mkdir(exist_ok=True)
    failed: list[str] = []
    if not arguments:
        failed += [name for name, command in STATIC if not _check(name, command, None)]
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="test-", dir=RUN) as folder:
        stack = Stack(Path(folder), durable=False)
        try:
            browser = chromium() if arguments else installed()
            stack.start_servers()
            given = stack.full_environment() | {
                "MIRROR_TEST_DATABASE_URL": stack.environment["DATABASE_URL"],
                "MIRROR_TEST_REDIS_URL": stack.environment["REDIS_URL"],
                "MIRROR_TEST_CHROMIUM": browser or "",
            }
            left_out = ["-m", "not browser"] if not browser and not arguments and not os.environ.get("CI") else []
            if not _check("tests", ["-m", "pytest", *arguments, *left_out], given):
                failed.append("tests")
            if left_out:
                say(LEFT_OUT)
        except KeyboardInterrupt:
            failed.append("interrupted")
        finally:
            stack.discard()
    say("all checks passed" if not failed else f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _check(name: str, command: list[str], environment: dict[str, str] | None) -> bool:
    begun = time.monotonic()
    done = subprocess.run([PYTHON, *command], cwd=ROOT, env=environment, check=False, preexec_fn=preexec())
    say(f"{name:8} {'ok' if done.returncode == 0 else 'FAILED'}  {time.monotonic() - begun:.1f} s")
    return done.returncode == 0
