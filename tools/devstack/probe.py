"""What a running stack says of itself, by its /metrics."""

import re
import time
import urllib.error
import urllib.request
from typing import NamedTuple

from tools.devstack.stack import Stack


class Glance(NamedTuple):
    """What waits in Redis and in the spill, and the age of the oldest in seconds."""

    waiting: float
    spilled: float
    oldest_seconds: float


def glance(stack: Stack) -> Glance | None:
    """Return None if the web process or one of the stores does not answer."""
    url = stack.environment["WEBHOOK_URL"].replace("/webhooks/kapso", "/metrics")
    headers = {"Authorization": f"Bearer {stack.environment['METRICS_TOKEN']}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=8) as answer:  # noqa: S310
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None
    found = {key: float(value) for key, value in re.findall(r"^(mirror_\S+) (\S+)$", text, re.MULTILINE)}
    if found.get('mirror_store_up{store="redis"}') != 1 or found.get('mirror_store_up{store="postgres"}') != 1:
        return None
    ages = [value for key, value in found.items() if key.startswith("mirror_inbox_oldest_seconds")]
    waiting = found.get('mirror_inbox_waiting{store="redis"}', 0.0)
    return Glance(waiting, found.get('mirror_inbox_waiting{store="postgres"}', 0.0), max(ages, default=0.0))


class Recovery(NamedTuple):
    """The largest backlog that was seen, and the seconds until nothing in it was older than a second.

    If that did not happen in time, `recovered` is false.
    """

    largest_backlog: float
    seconds: float
    recovered: bool

    @property
    def allowed_seconds(self) -> float:
        return self.largest_backlog / 5000 + 10


def recover(stack: Stack, *, patience: float = 120) -> Recovery:
    """Look until nothing waits for longer than a second."""
    begun, most, recovered = time.monotonic(), 0.0, False
    while not recovered and time.monotonic() - begun < patience:
        now = glance(stack)
        if now is not None:
            most = max(most, now.waiting + now.spilled)
            recovered = now.oldest_seconds < 1
        time.sleep(0.05 if recovered else 0.2)
    return Recovery(most, time.monotonic() - begun, recovered)
