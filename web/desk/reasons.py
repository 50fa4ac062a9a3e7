"""Why something changed, in the viewer's language (pure).

What rules wrote is known; what people and models wrote stays as it is.
"""

import re
from typing import Final

from domain.score import POINTS
from web.words import Translate

IS: Final = re.compile(r"the score is (\d+)")
BECAUSE: Final = re.compile(r"(\d+) because (.+)")
POINT: Final = re.compile(r"(.+?) ([+-]\d+)")
SAID: Final = ("the score is {n}", "{n} because {why}", "what is known by now", "let go")


def because(reason: str, t: Translate) -> str:
    """`60 because asked price +15, gave city +5`, with the signals in the viewer's words."""
    if found := IS.fullmatch(reason):
        return t("the score is {n}", n=found[1])
    if found := BECAUSE.fullmatch(reason):
        return t("{n} because {why}", n=found[1], why=", ".join(_point(one, t) for one in found[2].split(", ")))
    return t(reason)


def _point(text: str, t: Translate) -> str:
    found = POINT.fullmatch(text)
    return f"{t(found[1])} {found[2]}" if found and found[1] in POINTS else text
