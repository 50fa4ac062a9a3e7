"""Finds the longest known names in a text, word by word (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Generic, TypeVar

LETTERS: Final = re.compile(r"[a-zé]+")
Value = TypeVar("Value")


class Gazetteer(Generic[Value]):
    def __init__(self, known: Mapping[str, Value]) -> None:
        """`known` is by name, in lower case, its words parted by one space."""
        self._known = {" ".join(LETTERS.findall(name)): value for name, value in known.items()}
        self._longest: dict[str, int] = {}
        for name in self._known:
            first, width = name.split(" ", 1)[0], name.count(" ") + 1
            self._longest[first] = max(width, self._longest.get(first, 0))

    @property
    def first_words(self) -> frozenset[str]:
        return frozenset(self._longest)

    def get(self, name: str) -> Value | None:
        return self._known.get(name)

    def mentions(self, text: str) -> Iterator[tuple[int, int, Value]]:
        """Yield (start, end, value) of the longest names in `text`, without overlap."""
        found = list(LETTERS.finditer(text))
        parts = [one[0] for one in found]
        at = 0
        while at < len(parts):
            for width in range(min(self._longest.get(parts[at], 0), len(parts) - at), 0, -1):
                if not self._is_one(text, found[at : at + width]):
                    continue
                if (value := self._known.get(" ".join(parts[at : at + width]))) is not None:
                    yield found[at].start(), found[at + width - 1].end(), value
                    at += width - 1
                    break
            at += 1

    @staticmethod
    def _is_one(text: str, found: Sequence[re.Match[str]]) -> bool:
        """Whether nothing but a space or a hyphen parts the words."""
        return all(text[one.end() : other.start()] in (" ", "-", "") for one, other in pairwise(found))
