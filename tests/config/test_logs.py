"""Log lines: for machines and for people, and what is said again and again."""

import io
from collections.abc import Iterator

import orjson
import pytest
import structlog

from config import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_machines_get_json_and_people_a_line_to_read() -> None:
    file, terminal = io.StringIO(), Terminal()
    for stream in (file, terminal):
        logs.configure("INFO", stream)
        structlog.get_logger().info("worker begins", shards=2)
    assert orjson.loads(file.getvalue())["event"] == "worker begins"
    assert ("worker begins" in terminal.getvalue(), "{" in terminal.getvalue()) == (True, False)


def test_what_is_said_again_within_a_minute_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("config.logs.time.monotonic", lambda: now[0])
    file = io.StringIO()
    logs.configure("INFO", file)
    log = structlog.get_logger()
    for _ in range(5):
        log.warning("postgres does not answer", error="refused")
    log.warning("postgres does not answer", error="another")
    for _ in range(2):
        log.info("applied", events=3)
    now[0] += logs.REPEAT_SECONDS
    log.warning("postgres does not answer", error="refused")
    lines = [orjson.loads(line) for line in file.getvalue().splitlines()]
    assert [(one["event"], one.get("error"), one.get("repeated")) for one in lines] == [
        ("postgres does not answer", "refused", None), ("postgres does not answer", "another", None),
        ("applied", None, None), ("applied", None, None), ("postgres does not answer", "refused", 4),
    ]  # fmt: skip


def test_many_different_lines_do_not_fill_the_memory() -> None:
    logs.configure("INFO", io.StringIO())
    seen = logs.Repeats()
    for n in range(3 * logs.MOST_REPEATS):
        seen(None, "", {"level": "warning", "event": str(n)})
    assert len(seen._seen) <= logs.MOST_REPEATS
