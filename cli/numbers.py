"""Numbers in arguments: bounded, so that a slip is a sentence and no traceback."""

import argparse
import math
from collections.abc import Callable

LARGEST = 2**63 - 1
"""What Postgres can count."""


def whole(least: int, most: int = 1_000_000_000) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return parse


def amount(least: float, most: float = 1e9, *, above: bool = False) -> Callable[[str], float]:
    """A number from `least` (or `above` it) to `most`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if math.isnan(value) or not least <= value <= most or (above and value == least):
            raise argparse.ArgumentTypeError(
                f"{text} is not {'above' if above else 'at least'} {least:g}, at most {most:g}"
            )
        return value

    return parse
