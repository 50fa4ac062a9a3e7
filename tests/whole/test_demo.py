"""A demo in a checkout of its own, and a second one on what the first left: the people of the story come back."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def checkout(folder: Path) -> Path:
    """Copy what git knows or may come to know, beside a link to the environment that is installed here."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".run").mkdir()
    (folder / ".run" / "venv").symlink_to(ROOT / ".run" / "venv")
    return folder


async def demo(folder: Path) -> tuple[int, str]:
    given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "dev.py", "demo", "--for", "10", cwd=folder, env=given, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.long
async def test_every_row_is_right_after_one_demo_and_after_two(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    for _ in range(2):
        code, told = await demo(folder)
        assert (code, "0 missing, 0 wrong, 0 extra" in told) == (0, True), told
