"""The client as a program from outside has it: its wheel, and the packages that the wheel asks for, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "crm"
BUILD = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
USE = """
import asyncio
from kapso_crm.connect import connect
from kapso_crm.task import Task

async def main():
    async with connect({"CRM_URL": "mock:"}) as crm:
        made = await crm.create({"name": "Jane Smith", "phone": "+6281234567890"})
        print((await Task(crm).context(made.id))["customer_name"])

asyncio.run(main())
"""
MIRROR = ("domain", "store", "web", "asyncpg", "redis", "starlette", "structlog", "pydantic")


def needed(wheel: Distribution) -> dict[str, Distribution]:
    """What it asks for, with all that those ask for."""
    found: dict[str, Distribution] = {}
    waiting = [wheel]
    while waiting:
        for line in waiting.pop().requires or []:
            one = Requirement(line)
            if one.name not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
                found[one.name] = distribution(one.name)
                waiting.append(found[one.name])
    return found


def test_the_wheel_works_with_what_it_asks_for_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-c", BUILD]
    built = subprocess.run(command, cwd=tmp_path / "client", capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / "client" / "dist" / built.stdout.splitlines()[-1]) as wheel:
        wheel.extractall(site)
    (info,) = site.glob("*.dist-info")
    for one in needed(PathDistribution(info)).values():
        for top in {file.parts[0] for file in one.files or [] if ".." not in file.parts}:
            if not (site / top).exists():
                (site / top).symlink_to(str(one.locate_file(top)))

    def run(code: str) -> subprocess.CompletedProcess[str]:
        # -S: without site-packages; -I: without this checkout.
        isolated = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(site)!r})\n{code}"]
        return subprocess.run(isolated, cwd=tmp_path, capture_output=True, text=True, check=False)

    used = run(USE)
    assert (used.stdout, used.returncode) == ("Jane Smith\n", 0), used.stderr
    for name in MIRROR:
        assert run(f"import {name}").returncode == 1, name
