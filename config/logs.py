"""Logs: one JSON line per outcome on stdout; ids, never bodies, names or phones.

A line that cannot be written is dropped: a full disk under stdout must not change an answer or end a process. Texts of
exceptions may quote values, so a line names an exception by its type and by the places it came through.
"""

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

FRAMES = 20
REPEAT_SECONDS = 60.0
MOST_REPEATS = 1000


class TolerantStream:
    """A text stream that drops what it cannot write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return 0

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


class JsonFormatter(logging.Formatter):
    """Lines of libraries, in the form of ours."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"level": record.levelname.lower(), "event": record.getMessage(), "logger": record.name}
        if record.exc_info and record.exc_info[1]:
            line |= exception_fields(record.exc_info[1])
        return orjson.dumps(line).decode()


def exception_fields(error: BaseException) -> dict[str, Any]:
    """The type of an exception and the places it came through, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


class Repeats:
    """A warning that says the same again within a minute is counted and not written; the next one tells the count."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, _: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if line["level"] not in ("warning", "error"):
            return line
        key, now = repr(sorted((name, str(value)) for name, value in line.items())), time.monotonic()
        at, again = self._seen.get(key, (-REPEAT_SECONDS, 0))
        if now - at < REPEAT_SECONDS:
            self._seen[key] = (at, again + 1)
            raise structlog.DropEvent
        if len(self._seen) >= MOST_REPEATS:
            self._seen.clear()
        self._seen[key] = (now, 0)
        return line if not again else {**line, "repeated": again}


def configure(level: str, stream: TextIO = sys.stdout) -> None:
    tolerant: Any = TolerantStream(stream)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _name_exceptions,
            Repeats(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # For people on a terminal; for machines elsewhere.
            structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(tolerant),
    )
    handler = logging.StreamHandler(tolerant)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def crashes_as_json() -> None:
    """From now on an exception that ends this process is one JSON line too, and not a bare traceback."""
    sys.excepthook = _log_crash


def _log_crash(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    structlog.get_logger().critical("the process ends with an error", **exception_fields(error))


def _name_exceptions(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line.update(exception_fields(error))
    return line
