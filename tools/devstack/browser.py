"""The Chromium that browser tests drive: the one that is there, or Debian's, installed once where we may."""

import os

from tools.devstack.debian import find, find_or_install

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Its path, if one is there."""
    return os.environ.get("MIRROR_TEST_CHROMIUM") or find(NAMES)


def find_or_install_chromium() -> str | None:
    """Return the path of Chromium, after installing it if we are root; None if it cannot be installed."""
    return chromium() or find_or_install(NAMES, (NAMES[0], "fonts-noto-color-emoji"))
