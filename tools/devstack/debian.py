"""Programs that tests need and no Python package contains. Missing ones are installed from Debian, once."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from tools.devstack.environment import say

SECONDS = 900


def find(names: Sequence[str]) -> str | None:
    """Return the path of the first program that exists."""
    return next((path for name in names if (path := shutil.which(name))), None)


def find_or_install(names: Sequence[str], packages: Sequence[str]) -> str | None:
    """Like `find`; if none exists and we are root, install the packages first. None if that fails."""
    if found := find(names):
        return found
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return None
    say(f"Installing {' '.join(packages)} for the tests, once …")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        asked = [apt, "-qq", *command]
        if subprocess.run(asked, env=environment, check=False, timeout=SECONDS, stdout=subprocess.DEVNULL).returncode:
            say(f"apt-get {command[0]} failed.")
    return find(names)
