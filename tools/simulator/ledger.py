"""The ledger: a line of JSON for every delivery that the simulator posted, with the answer it got."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

# The answer of a line that was not posted: what the API said at the end.
LISTED = -1


class LedgerLine(NamedTuple):
    """`posted_at` is the scheduled time of the first try, in seconds since 1970; `answer` 0 where none came.

    `expect` and `events` say what must become of it. `unsure` is a delivery that may have been taken without our
    hearing of it.
    """

    key: str
    event: str | None
    version: str | None
    body: str
    expect: str
    events: int
    posted_at: float
    answered_ms: float
    answer: int
    unsure: bool

    @property
    def accepted(self) -> bool:
        return self.answer == 200

    @property
    def known(self) -> bool:
        """The mirror must know it, by push or by poll."""
        return self.accepted or self.answer == LISTED


class Unreadable(Exception):
    """The file is no ledger."""


class Ledger:
    """Appends; what is written survives the simulator."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def write(self, line: LedgerLine) -> None:
        self._file.write(json.dumps(line, ensure_ascii=True) + "\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[LedgerLine]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            try:
                yield LedgerLine(*json.loads(text))
            except (ValueError, TypeError):
                raise Unreadable(f"{path}, line {number}: not a line of a ledger") from None
