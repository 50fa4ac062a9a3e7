"""The one protocol of those who read chats, and the order in which they are asked."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from domain.window import ChatWindow, ReadValues

log = structlog.get_logger(__name__)


class ChatSource(Protocol):
    name: str
    """With its release: a lead is read again when who reads has changed."""

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        """One answer a window, in their order; None: could not read it, ask the next."""

    async def close(self) -> None: ...


class ModelSource(ChatSource, Protocol):
    """A reader that costs money and may be unavailable."""

    async def can_be_asked(self) -> bool:
        """Return whether it is available now. If it is not, an answer of None is no fault of the chat."""


async def first_that_reads(sources: Sequence[ChatSource], windows: Sequence[ChatWindow]) -> list[ReadValues]:
    """Each window by the first source that can; an empty reading where none could."""
    found: list[ReadValues | None] = [None] * len(windows)
    for source in sources:
        left = [place for place, reading in enumerate(found) if reading is None]
        answers = await each_read(source, [windows[place] for place in left]) if left else []
        for place, answer in zip(left, answers, strict=True):
            found[place] = answer
    return [reading or ReadValues() for reading in found]


async def each_read(source: ChatSource, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
    """Read each window. One chat that a source can't bear must not keep it from the others."""
    try:
        return await source.read(windows)
    except Exception as error:
        if len(windows) == 1:
            log.error(
                "a chat can't be read", source=source.name, lead=str(windows[0].lead_id), error=type(error).__name__
            )
            return [None]
    return [answer for window in windows for answer in await each_read(source, [window])]
