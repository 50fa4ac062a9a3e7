"""An open-loop load: requests leave when they are due, whatever the answers take; latency counts from that moment."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 64
LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Sent:
    """By place in the load: when it was due (seconds since 1970), and how long its answer took from then (ms)."""

    due_at: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    refused: int = 0


class _Load:
    """Whatever is due leaves as soon as a connection is free."""

    def __init__(self, made: Sequence[bytes], rate: float) -> None:
        self._made = made
        self._pause = 1 / rate
        self._began, began_at = time.perf_counter() + 0.05, time.time() + 0.05
        self._next = self._answered = 0
        self.idle: deque[_Connection] = deque()
        """The one that has been idle longest goes first, so that the server does not close any for idleness."""
        self.sent = Sent([began_at + place * self._pause for place in range(len(made))], [0.0] * len(made))
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        while self._next < len(self._made):
            self._leave()
            pause = self._began + self._next * self._pause - time.perf_counter()
            await asyncio.sleep(max(pause, 0.001))
        await self.done

    def _leave(self) -> None:
        now = time.perf_counter()
        while self.idle and self._next < len(self._made) and self._began + self._next * self._pause <= now:
            self.idle.popleft().write(self._next, self._made[self._next])
            self._next += 1

    def answered(self, connection: "_Connection", place: int, answer: bytes) -> None:
        self.sent.answer_ms[place] = (time.perf_counter() - self._began - place * self._pause) * 1000
        self.sent.refused += not answer.startswith(b"HTTP/1.1 200")
        self._answered += 1
        if self._answered == len(self._made):
            self.done.set_result(None)
        self.idle.append(connection)
        self._leave()

    def lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed a connection"))


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._place: int | None = None
        self._answer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def write(self, place: int, request: bytes) -> None:
        self._place = place
        if self.transport:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._place is not None and _is_whole(self._answer):
            place, answer = self._place, self._answer
            self._place, self._answer = None, b""
            self._load.answered(self, place, answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost(error)


def _is_whole(answer: bytes) -> bool:
    head, ends, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return bool(ends) and len(body) >= (int(length[1]) if length else 0)


async def send(urls: Sequence[str], made: Sequence[bytes], rate: float) -> Sent:
    """All of them at that rate over kept-alive connections to these in turn."""
    loop = asyncio.get_running_loop()
    load = _Load(made, rate)
    opened = []
    for place in range(CONNECTIONS):
        parts = urlsplit(urls[place % len(urls)])
        _, connection = await loop.create_connection(lambda: _Connection(load), parts.hostname or "", parts.port or 80)
        opened.append(connection)
    load.idle += opened
    await load.run()
    for connection in opened:
        if connection.transport:
            connection.transport.close()
    return load.sent
