"""Programs that some tests drive and no Python package brings: the ones that are there, or Debian's, installed once."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from tools.devstack.environment import say

SECONDS = 900


def find(names: Sequence[str]) -> str | None:
    """The path of the first that is there."""
    return next((path for name in names if (path := shutil.which(name))), None)


def find_or_install(names: Sequence[str], packages: Sequence[str]) -> str | None:
    """The path of the first that is there, after installing the packages if we are root; None if it can't be had."""
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
