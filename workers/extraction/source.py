"""The one protocol of those who read chats, and the order in which they are asked."""

from collections.abc import Sequence
from typing import Protocol

from rows.window import Reading, Window


class Source(Protocol):
    name: str
    """With its release: a lead is read again when who reads has changed."""

    async def read(self, windows: Sequence[Window]) -> list[Reading | None]:
        """One answer a window, in their order; None: could not read it, ask the next."""

    async def close(self) -> None: ...


async def first_that_reads(sources: Sequence[Source], windows: Sequence[Window]) -> list[Reading]:
    """Each window by the first source that can; an empty reading where none could."""
    found: list[Reading | None] = [None] * len(windows)
    for source in sources:
        left = [place for place, reading in enumerate(found) if reading is None]
        answers = await source.read([windows[place] for place in left]) if left else []
        for place, answer in zip(left, answers, strict=True):
            found[place] = answer
    return [reading or Reading() for reading in found]
