"""The judge: a row a rule."""

import asyncpg
import pytest

from workers.drain.failures import SAME_IN_A_ROW, Streak, Unwritable, Verdict, describe, judge

CASES = [
    (ConnectionRefusedError(), Verdict.DOUBT),
    (ConnectionResetError(), Verdict.DOUBT),
    (TimeoutError(), Verdict.DOUBT),
    (OSError(28, "No space left on device"), Verdict.DOUBT),
    (asyncpg.ConnectionDoesNotExistError(), Verdict.DOUBT),
    (asyncpg.InterfaceError("connection is closed"), Verdict.DOUBT),
    (asyncpg.CannotConnectNowError(), Verdict.DOUBT),
    (asyncpg.InternalClientError("protocol"), Verdict.DOUBT),
    (MemoryError(), Verdict.DOUBT),
    (asyncpg.AdminShutdownError(), Verdict.DOUBT),
    (asyncpg.QueryCanceledError(), Verdict.DOUBT),
    (asyncpg.TooManyConnectionsError(), Verdict.ENVIRONMENT),
    (asyncpg.DeadlockDetectedError(), Verdict.ENVIRONMENT),
    (asyncpg.SerializationError(), Verdict.ENVIRONMENT),
    (asyncpg.LockNotAvailableError(), Verdict.ENVIRONMENT),
    (asyncpg.DiskFullError(), Verdict.ENVIRONMENT),
    (asyncpg.OutOfMemoryError(), Verdict.DOUBT),
    (asyncpg.PostgresIOError(), Verdict.ENVIRONMENT),
    (asyncpg.ReadOnlySQLTransactionError(), Verdict.ENVIRONMENT),
    (asyncpg.InvalidPasswordError(), Verdict.ENVIRONMENT),
    (asyncpg.InvalidCatalogNameError(), Verdict.ENVIRONMENT),
    (asyncpg.UndefinedTableError(), Verdict.ENVIRONMENT),
    (asyncpg.UndefinedColumnError(), Verdict.ENVIRONMENT),
    (asyncpg.InsufficientPrivilegeError(), Verdict.ENVIRONMENT),
    (asyncpg.DataError(), Verdict.DATA),
    (asyncpg.NumericValueOutOfRangeError(), Verdict.DATA),
    (asyncpg.UntranslatableCharacterError(), Verdict.DATA),
    (asyncpg.CheckViolationError(), Verdict.DATA),
    (asyncpg.NotNullViolationError(), Verdict.DATA),
    (asyncpg.UniqueViolationError(), Verdict.DATA),
    (asyncpg.ForeignKeyViolationError(), Verdict.DATA),
    (asyncpg.ProgramLimitExceededError(), Verdict.DATA),
    (OverflowError(), Verdict.DATA),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Verdict.DATA),
    (Unwritable("MemoryError"), Verdict.DATA),
    (asyncpg.CardinalityViolationError(), Verdict.UNKNOWN),
    (asyncpg.InternalServerError(), Verdict.UNKNOWN),
    (asyncpg.RaiseError(), Verdict.UNKNOWN),
    (KeyError("a key"), Verdict.UNKNOWN),
    (RecursionError(), Verdict.UNKNOWN),
]


@pytest.mark.parametrize(("error", "verdict"), CASES, ids=lambda value: getattr(value, "name", type(value).__name__))
def test_each_error_has_one_verdict(error: BaseException, verdict: Verdict) -> None:
    assert judge(error) is verdict


def test_what_is_said_of_an_error_holds_no_value() -> None:
    assert describe(ValueError("Budi, +62811")) == "ValueError"
    assert describe(asyncpg.CheckViolationError("row contains (Budi)")) == "CheckViolationError 23514"


@pytest.mark.parametrize(
    ("outcomes", "length", "is_long"),
    [
        (["KeyError"] * (SAME_IN_A_ROW - 1), SAME_IN_A_ROW - 1, False),
        (["KeyError"] * SAME_IN_A_ROW, SAME_IN_A_ROW, True),
        (["KeyError"] * SAME_IN_A_ROW + [None], 0, False),
        (["KeyError"] * (SAME_IN_A_ROW - 1) + ["ValueError"], 1, False),
        (["KeyError", None] * SAME_IN_A_ROW, 0, False),
    ],
)
def test_the_same_unknown_error_many_times_in_a_row_is_long(
    outcomes: list[str | None], length: int, is_long: bool
) -> None:
    streak = Streak()
    for outcome in outcomes:
        streak = streak.after(outcome)
    assert (streak.length, streak.is_long) == (length, is_long)
