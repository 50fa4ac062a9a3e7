"""The judge of failures: what an error is the fault of, and so what becomes of the event that met it. Pure."""

from enum import Enum
from typing import NamedTuple

import asyncpg

from domain.erasure import NoKey


class Verdict(Enum):
    ENVIRONMENT = "the environment (Postgres, network, deployment): retry without limit, log each try; no dead letter"
    DATA = "the data: trying again can't help; the event becomes a dead letter"
    DOUBT = (
        "the environment if an ordinary write fails too, else the data: halve the batch, then try the event a few times"
    )
    UNKNOWN = (
        "unknown: a few tries, then a dead letter, unless many events in a row meet it and an ordinary write fails too"
    )


class Unwritable(Exception):
    """A doubtful failure is the data's: ordinary writes succeed. The text names the kind of failure, never values."""


# By class of SQLSTATE, the first two characters. A missing table, column or right (42) is a deploy that is not done.
CLASSES = {
    "08": Verdict.DOUBT,  # connection: it also dies of a message that is too large
    "22": Verdict.DATA,  # values that the type does not take
    "23": Verdict.DATA,  # a constraint that the data breaks
    "25": Verdict.ENVIRONMENT,  # read-only: a failover
    "28": Verdict.ENVIRONMENT,  # password
    "3D": Verdict.ENVIRONMENT,  # no such database
    "40": Verdict.ENVIRONMENT,  # deadlock, serialization
    "42": Verdict.ENVIRONMENT,
    "53": Verdict.ENVIRONMENT,  # disk full, out of memory, too many connections
    "54": Verdict.DATA,  # an index row that is too long
    "55": Verdict.ENVIRONMENT,  # a lock that can't be had
    "57": Verdict.DOUBT,  # shutdown, starting up, cancelled: also by a timeout or a crash that this batch brings about
    "58": Verdict.ENVIRONMENT,  # input and output
}

# By whole SQLSTATE, where it differs from its class.
STATES = {
    "53200": Verdict.DOUBT,  # out of memory: of the server, or for this statement
}

TRIES_OF_UNKNOWN = 3
TRIES_IN_DOUBT = 5
SAME_IN_A_ROW = 10

# SUSPICIOUS_TRIES: starts without an end after which deliveries are settled one by one (a drain counts its own start).
# CRASHES_ALONE: crashes of a delivery that was settled alone; at the next start it becomes a dead letter.
SUSPICIOUS_TRIES = 2
CRASHES_ALONE = 3


def judge(error: BaseException) -> Verdict:
    if state := getattr(error, "sqlstate", None):
        return STATES.get(state) or CLASSES.get(state[:2], Verdict.UNKNOWN)
    if isinstance(error, NoKey):
        return Verdict.ENVIRONMENT
    if isinstance(error, Unwritable | OverflowError | UnicodeError):
        return Verdict.DATA
    # Of the client: the connection or the pool was closed under us, or what we send can't be sent.
    if isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError | MemoryError):
        return Verdict.DOUBT
    return Verdict.UNKNOWN


ADVICE = {
    "28": "postgres refuses the user or password: check DATABASE_URL",
    "3D": "the database of DATABASE_URL does not exist",
    "25006": "postgres is read-only (a failover?): DATABASE_URL must name the primary",
    "42501": "the database user lacks a right: grant it, nothing is lost meanwhile",
    "42": "the schema is not what this release expects: run mirror migrate",
    "53100": "the disk of postgres is full: free space or enlarge it",
    "53300": "postgres has no connection left: raise max_connections or stop a client",
    "53": "postgres is short of resources",
    "57": "postgres is starting, stopping or was told to cancel",
}


def advice(error: BaseException) -> str:
    """What to do, where the environment is at fault."""
    if isinstance(error, NoKey):
        return "set ERASURE_KEY: without it people who were erased would come back"
    state = getattr(error, "sqlstate", None) or ""
    if known := ADVICE.get(state) or ADVICE.get(state[:2]):
        return known
    if judge(error) is Verdict.UNKNOWN:
        return "the cause is not known: it is tried a few times more, then mirror status says what to do"
    return "check that Postgres runs and that DATABASE_URL reaches it; it is tried without limit"


def waiting_words(error: BaseException) -> str:
    """What a loop waits for, and what to do about it."""
    if judge(error) is Verdict.UNKNOWN:
        return f"it stopped at an unknown error ({describe(error)}): {advice(error)}"
    return f"it waits for postgres ({describe(error)}): {advice(error)}"


def describe(error: BaseException) -> str:
    """The kind of error, without the values that Postgres quotes in its message."""
    if isinstance(error, Unwritable):
        return str(error)
    parts = [type(error).__name__, getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)]
    return " ".join(str(part) for part in parts if part)


class Streak(NamedTuple):
    """How many deliveries in a row met the same unknown error; one that went well ends it."""

    error: str | None = None
    length: int = 0

    def after(self, error: str | None) -> "Streak":
        return Streak(error, self.length + 1 if error == self.error else 1) if error else Streak()

    @property
    def is_long(self) -> bool:
        return self.length >= SAME_IN_A_ROW
