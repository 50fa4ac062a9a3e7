"""Finds the longest known names in a text, word by word (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, Generic, NamedTuple, TypeVar

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
        found = _words(text)
        longest, at = self._longest, 0
        while at < len(found):
            if (most := longest.get(found[at].text)) is None:
                at += 1
                continue
            for width in range(min(most, len(found) - at), 0, -1):
                part = found[at : at + width]
                if _is_one(text, part) and (value := self._known.get(" ".join(one.text for one in part))) is not None:
                    yield part[0].start, part[-1].end, value
                    at += width - 1
                    break
            at += 1


class _Word(NamedTuple):
    text: str
    start: int
    end: int


@lru_cache(maxsize=5000)
def _words(text: str) -> Sequence[_Word]:
    return [_Word(one[0], one.start(), one.end()) for one in LETTERS.finditer(text)]


def _is_one(text: str, found: Sequence[_Word]) -> bool:
    """Whether nothing but a space or a hyphen parts the words."""
    return all(text[one.end : other.start] in (" ", "-", "") for one, other in pairwise(found))
