"""When to retry what failed (pure)."""

from collections.abc import Sequence
from typing import Final

JITTER: Final = 0.2


def pause(pauses: Sequence[float], attempts: int, random: float) -> float | None:
    """Return the seconds until the retry after so many attempts; None after the last.

    `pauses` are in seconds. `random`, from 0 to 1, varies each by a fifth, so that retries spread out.
    """
    if attempts > len(pauses):
        return None
    return pauses[attempts - 1] * (1 + JITTER * (2 * random - 1))
