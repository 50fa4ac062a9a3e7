"""A clock for soak runs that can be shifted: `Clocks` reads it in place of this machine's clock.

The file that STEP_FILE names holds the shift in seconds; without the file the shift is 0.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.ops.clocks import Clocks

FILE = "STEP_FILE"


def stepped_now() -> datetime:
    shift = 0.0
    with suppress(OSError, ValueError):
        shift = float(Path(os.environ[FILE]).read_text())
    return datetime.now(UTC) + timedelta(seconds=shift)


def install() -> None:
    """From now on clocks of this process are made with that one."""
    Clocks.__init__.__defaults__ = (stepped_now,)
