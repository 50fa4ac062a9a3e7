"""The Chromium that browser tests drive: the one that is there, or Debian's, installed once where we may."""

import os
import shutil
import subprocess

from tools.devstack.environment import say

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 900


def chromium() -> str | None:
    """Its path, if one is there."""
    given = os.environ.get("MIRROR_TEST_CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def find_or_install_chromium() -> str | None:
    """Return the path of Chromium, after installing it if we are root; None if it cannot be installed."""
    if found := chromium():
        return found
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return None
    say("Installing Chromium for the browser tests, once …")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", NAMES[0], "fonts-noto-color-emoji"]):
        asked = [apt, "-qq", *command]
        if subprocess.run(asked, env=environment, check=False, timeout=SECONDS, stdout=subprocess.DEVNULL).returncode:
            say(f"apt-get {command[0]} failed.")
    return chromium()
