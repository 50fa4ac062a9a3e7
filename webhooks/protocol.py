"""What one connection may cost: bounds on headers, on the time of a request, and on the number of connections.

uvicorn's own protocol has none of these. A refused request gets 431 or 408; whoever is slowest makes room for others.
"""

import asyncio
import resource
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

log = structlog.get_logger(__name__)

# After a refusal the client has LINGER_SECONDS to read the response. The first LINGER_BYTES that it still sends are
# dropped; then the server pauses reading.
LINGER_SECONDS = 1.0
LINGER_BYTES = 64 * 1024
FULL = "raise CONNECTIONS_LIMIT and the limit of open files, or look at who connects"
FEW_FILES = "raise the hard limit of open files (ulimit -n), or lower CONNECTIONS_LIMIT"
MANY = "find the client that sends large bodies slowly, or raise BODIES_LIMIT_BYTES"
LOG_SECONDS = 10.0
PIPELINED = 16
# File descriptors that connections to the stores, files and the loop take.
RESERVED_FILES = 64
LEAST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    header_bytes: int
    """Of the request line and all headers together."""
    request_seconds: float
    """From the first byte of a request, or from the connection, to the last byte of the body."""
    connections: int
    body_bytes: int
    """An application is woken for a body that grows beyond this, to refuse it."""
    bodies_bytes: int = 32 * 1024 * 1024
    """Of all bodies that are being sent, together."""

    @property
    def wake_bytes(self) -> int:
        return min(self.body_bytes, HIGH_WATER_LIMIT)


def bounded(limits: Limits, answers: "Counter[int]") -> type["BoundedProtocol"]:
    """The protocol class with these limits; it counts what it refuses, by status code, in `answers`."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits, "answers": answers, "held": HeldBytes()})


class HeldBytes:
    """How many bytes of bodies that are being sent all connections hold together."""

    def __init__(self) -> None:
        self.bytes = 0


class BoundedProtocol(HttpToolsProtocol):
    limits: ClassVar[Limits]
    held: ClassVar[HeldBytes]
    answers: "ClassVar[Counter[int]]"
    full_logged_at: ClassVar[float] = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = True
        self._head_left = self.limits.header_bytes
        self._deadline: asyncio.TimerHandle | None = None
        self.waits_since = 0.0
        self._has_begun = False
        self._is_refused = False
        self._dropped = 0
        self._held = 0
        self._cycles: list[RequestResponseCycle] = []

    # -- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        self._release()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Set `ending`, so that endless streams (web/live.py) end: at shutdown the server waits for every open
        response.
        """
        super().shutdown()
        if ending := self.app_state.get("ending"):
            ending.set()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client may end its side after a whole request, and still gets its answer."""
        return not self.is_waiting

    def _make_room(self) -> None:
        """Close the connection that has waited longest for its request to be sent; it may be this one."""
        waiting = [one for one in self.connections if isinstance(one, BoundedProtocol) and one.is_waiting]
        slowest = min(waiting, key=lambda one: one.waits_since, default=self)
        self._log_full("all connections are in use, closing the slowest", FULL, connections=self.limits.connections)
        if slowest is self:
            self.refuse(503, "too many connections")
        else:
            slowest.give_way()

    def _make_room_for_bodies(self) -> None:
        """End the request whose body has been on its way for longest; it may be this one."""
        sending = [one for one in self.connections if isinstance(one, BoundedProtocol) and one.holds]
        slowest = min(sending, key=lambda one: one.waits_since, default=self)
        self._log_full("too many bytes of unfinished bodies, ending the slowest", MANY, bytes=self.limits.bodies_bytes)
        slowest.give_way()

    def _log_full(self, what: str, to_do: str, **more: int) -> None:
        if time.monotonic() - BoundedProtocol.full_logged_at > LOG_SECONDS:
            BoundedProtocol.full_logged_at = time.monotonic()
            log.warning(what, what_to_do=to_do, **more)

    @property
    def holds(self) -> int:
        """Bytes of a body that is being sent."""
        return self._held

    def _release(self) -> None:
        self.held.bytes -= self._held
        self._held = 0

    def give_way(self) -> None:
        """End the connection, whose request is not here yet, in favour of another."""
        if self._has_begun:
            self.refuse(408, "the request was not sent before others needed the connection")
        else:
            self.transport.close()

    @property
    def is_waiting(self) -> bool:
        """Whether no whole request of it is being answered."""
        answering = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        return not answering and not self._is_refused

    # -- one request

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            self._dropped += len(data)
            if self._dropped > LINGER_BYTES:
                self.flow.pause_reading()
            return
        if self._deadline is None:
            self._await_request()
        self._has_begun = True
        while data and self._in_head:
            part, data = data[: self._head_left], data[self._head_left :]
            self._head_left -= len(part)
            super().data_received(part)
            if self.transport.is_closing():
                return
            if self._in_head and self._head_left <= 0:
                self.refuse(431, f"the headers are over {self.limits.header_bytes} bytes")
                return
        if data:
            super().data_received(data)
        if len(self.pipeline) > PIPELINED:
            self.refuse(400, f"more than {PIPELINED} requests at once on one connection")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        self._cycles = [one for one in (*self._cycles, self.cycle) if one and not one.response_complete]

    def on_body(self, body: bytes) -> None:
        """Wake the application for much at once or for the end, not for every byte that trickles in."""
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        self._held += len(body)
        self.held.bytes += len(body)
        if self.held.bytes > self.limits.bodies_bytes:
            self._make_room_for_bodies()
            if self._is_refused:
                return
        if len(self.cycle.body) > self.limits.wake_bytes:
            self.flow.pause_reading()
            self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._release()
        self._in_head, self._head_left, self._has_begun = True, self.limits.header_bytes, False
        self._end_deadline()

    def _await_request(self) -> None:
        self.waits_since = time.monotonic()
        self._deadline = self.loop.call_later(self.limits.request_seconds, self._on_request_timeout)

    def _on_request_timeout(self) -> None:
        self._deadline = None
        if self._has_begun:
            self.refuse(408, f"the request was not sent within {self.limits.request_seconds:g} s")
        else:
            self.transport.close()

    def _end_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    # -- refusing

    def refuse(self, code: int, title: str) -> None:
        """Answer, unless an answer has begun, and close once the client has had time to read it."""
        self._end_deadline()
        self._release()
        if self.transport.is_closing() or self._is_refused:
            return
        self._is_refused = True
        self.pipeline.clear()
        self.answers[code] += 1
        has_begun = any(one.response_started and not one.response_complete for one in self._cycles)
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        if has_begun:
            self.transport.close()
            return
        self.transport.write(_answer(code, title))
        if len(self.connections) > self.limits.connections:
            self.transport.close()
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _answer(code: int, title: str) -> bytes:
    body = orjson.dumps({"type": "about:blank", "status": code, "title": title})
    head = b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    retry = b"retry-after: 10\r\n" if code == 503 else b""
    return STATUS_LINE[code] + retry + head + body


def connections_that_fit(wanted: int) -> int:
    """Raise this process's limit of open files as far as it may go; returns how many connections fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_FILES
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    fitting = max(LEAST_CONNECTIONS, min(wanted, soft - RESERVED_FILES))
    if fitting < wanted:
        log.warning(
            "the limit of open files leaves room for few connections", connections=fitting, what_to_do=FEW_FILES
        )
    return fitting
