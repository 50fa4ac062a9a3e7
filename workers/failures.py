"""The judge of failures: what an error is the fault of, and so what becomes of the event that met it. Pure."""

from enum import Enum
from typing import NamedTuple

import asyncpg

from rows.erasure import NoKey


class Verdict(Enum):
    WORLD = "the world: wait, for ever and loudly; nothing becomes a dead letter"
    DATA = "the data: trying again can't help; the event becomes a dead letter"
    UNKNOWN = "unknown: a few tries, then a dead letter, unless many events in a row meet the same"


# By class of SQLSTATE, the first two characters. A missing table, column or right (42) is a deploy that is not done.
CLASSES = {
    "08": Verdict.WORLD,  # connection
    "22": Verdict.DATA,  # values that the type does not take
    "23": Verdict.DATA,  # a constraint that the data breaks
    "25": Verdict.WORLD,  # read-only: a failover
    "28": Verdict.WORLD,  # password
    "3D": Verdict.WORLD,  # no such database
    "40": Verdict.WORLD,  # deadlock, serialization
    "42": Verdict.WORLD,
    "53": Verdict.WORLD,  # disk full, out of memory, too many connections
    "54": Verdict.DATA,  # an index row that is too long
    "55": Verdict.WORLD,  # a lock that can't be had
    "57": Verdict.WORLD,  # shutdown, starting up, cancelled
    "58": Verdict.WORLD,  # input and output
}

TRIES_OF_UNKNOWN = 3
SAME_IN_A_ROW = 10

# A batch that was begun this often without an end goes on one by one; what fell alone this often is dead.
SUSPICIOUS_TRIES = 2
CRASHES_ALONE = 3


def judge(error: BaseException) -> Verdict:
    if state := getattr(error, "sqlstate", None):
        return CLASSES.get(state[:2], Verdict.UNKNOWN)
    # asyncpg's own: the connection or the pool was closed under us.
    if isinstance(
        error, NoKey | OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError | MemoryError
    ):
        return Verdict.WORLD
    return Verdict.UNKNOWN


ADVICE = {
    "28": "postgres refuses the user or password: check DATABASE_URL",
    "3D": "the database of DATABASE_URL does not exist",
    "25006": "postgres is read-only (a failover?): DATABASE_URL must name the primary",
    "42501": "the database user lacks a right: grant it, nothing is lost meanwhile",
    "42": "the schema is not what this release expects: run mirror migrate",
    "53100": "the disk of postgres is full: free space or enlarge it",
    "53300": "postgres has no connection left: raise max_connections or stop somebody",
    "53": "postgres is short of resources",
    "57": "postgres is starting, stopping or was told to cancel",
}


def advice(error: BaseException) -> str:
    """What to do, where the world is at fault."""
    if isinstance(error, NoKey):
        return "set ERASURE_KEY: without it people who were erased would come back"
    state = getattr(error, "sqlstate", None) or ""
    return ADVICE.get(state) or ADVICE.get(state[:2]) or "is postgres running and reachable? It is tried for ever"


def describe(error: BaseException) -> str:
    """The kind of error, without the values that Postgres quotes in its message."""
    parts = [type(error).__name__, getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)]
    return " ".join(str(part) for part in parts if part)


class Streak(NamedTuple):
    """How many deliveries in a row met the same unknown error; one that went well ends it."""

    error: str | None = None
    length: int = 0

    def after(self, error: str | None) -> "Streak":
        return Streak(error, self.length + 1 if error == self.error else 1) if error else Streak()

    @property
    def is_the_world(self) -> bool:
        return self.length >= SAME_IN_A_ROW
