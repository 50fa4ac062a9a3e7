"""Build the image of `deploy/Containerfile` with buildah, and run its processes without a container engine.

The base is made of Debian packages; the file names the public base. A process runs as an engine would run it: as the
image's user, with the image's environment, a read-only root file system and its own /tmp. It shares the network, to reach
the test's servers.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.devstack.debian import find_or_install
from tools.devstack.environment import ROOT
from tools.devstack.processes import preexec

BUILD_SECONDS = 600
PACKAGES = "python3,python3-venv,ca-certificates"
# Files that this machine needs for its package registry. Other machines may need none.
OF_THIS_MACHINE = (Path("/etc/pip.conf"), Path("/etc/ssl/certs/ca-certificates.crt"))
SHUT_IN = """
set -e
mount --bind "$0" "$0"
mount --bind "$1" "$0/tmp"
mount --bind /dev "$0/dev"
mount --bind /proc "$0/proc"
mount -o remount,ro,bind "$0"
shift
exec chroot --userspec="$1" "$0" "${@:2}"
"""


def program(name: str) -> str:
    """Return the path of a program, installing it if possible. Raises RuntimeError with the package to install."""
    if found := find_or_install([name], [name]):
        return found
    raise RuntimeError(f"{name} is needed, and only root can install it: apt-get install {name}")


class Builder:
    """Builds images in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buildah = [
            program("buildah"), "--storage-driver", "vfs", "--root", str(folder / "images"), "--runroot", str(folder / "run")
        ]  # fmt: skip

    def ask(self, *arguments: str | Path) -> str:
        """Run buildah and return its output. Raises CalledProcessError, after printing the output."""
        command = [*self._buildah, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=BUILD_SECONDS, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout, done.stderr)
        done.check_returncode()
        return done.stdout.strip()

    def base(self) -> str:
        archive = self._folder / "base.tar"
        command = [
            program("mmdebstrap"),
            "--variant=apt",
            f"--include={PACKAGES}",
            "--mode=root",
            "bookworm",
            str(archive),
        ]
        subprocess.run(command, check=True, timeout=BUILD_SECONDS, capture_output=True)
        container = self.ask("from", "scratch")
        self.ask("add", "--quiet", container, archive, "/")
        self.ask("commit", "--quiet", "--rm", container, "localhost/base")
        archive.unlink()
        return "localhost/base"

    def build(self) -> "Image":
        given = [f"--volume={path}:{path}:ro" for path in OF_THIS_MACHINE if path.exists()]
        name = "localhost/kapso-mirror"
        self.ask(
            "build", "--quiet", "--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={self.base()}",
            *given, "--tag", name, "--file", ROOT / "deploy" / "Containerfile", "."
        )  # fmt: skip
        config = json.loads(self.ask("inspect", "--type", "image", name))["Docker"]["config"]
        return Image(self, name, Path(self.ask("mount", self.ask("from", name))), config)

    def compressed_bytes(self, name: str) -> int:
        """Return the size of the image as a registry stores it."""
        archive = self._folder / "image.tar"
        self.ask("push", "--quiet", name, f"oci-archive:{archive}")
        found = archive.stat().st_size
        archive.unlink()
        return found


@dataclass(frozen=True)
class Image:
    builder: Builder
    name: str
    root: Path
    config: dict[str, Any]

    @property
    def user(self) -> str:
        return str(self.config["User"])

    def command(self, temporary: Path, environment: dict[str, str], command: list[str]) -> list[str]:
        given = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items()), "HOME=/"]
        there = ["env", "--ignore-environment", f"--chdir={self.config['WorkingDir']}", *given, *command]
        return ["unshare", "--mount", "bash", "-c", SHUT_IN, str(self.root), str(temporary), self.user, *there]

    @asynccontextmanager
    async def running(self, temporary: Path, environment: dict[str, str], *command: str) -> AsyncIterator["Running"]:
        _as_tmp(temporary)
        process = await asyncio.create_subprocess_exec(
            *self.command(temporary, environment, list(command or self.config["Cmd"])),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, preexec_fn=preexec(),
        )  # fmt: skip
        try:
            yield Running(self, temporary, process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _as_tmp(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o1777)


@dataclass(frozen=True)
class Running:
    image: Image
    temporary: Path
    process: asyncio.subprocess.Process

    async def said(self) -> str:
        """Wait for the end and return all output."""
        out, _ = await self.process.communicate()
        return out.decode()

    async def is_healthy(self) -> bool:
        """Run the health check of the image, in the same /tmp."""
        kind, text = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD-SHELL"
        async with self.image.running(self.temporary, {}, "sh", "-c", text) as check:
            await check.said()
            return check.process.returncode == 0
