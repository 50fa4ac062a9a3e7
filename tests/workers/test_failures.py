"""The judge: a row a rule."""

import asyncpg
import pytest

from workers.failures import SAME_IN_A_ROW, Streak, Verdict, describe, judge

CASES = [
    (ConnectionRefusedError(), Verdict.WORLD),
    (ConnectionResetError(), Verdict.WORLD),
    (TimeoutError(), Verdict.WORLD),
    (OSError(28, "No space left on device"), Verdict.WORLD),
    (asyncpg.ConnectionDoesNotExistError(), Verdict.WORLD),
    (asyncpg.InterfaceError("connection is closed"), Verdict.WORLD),
    (asyncpg.CannotConnectNowError(), Verdict.WORLD),
    (asyncpg.InternalClientError("protocol"), Verdict.WORLD),
    (MemoryError(), Verdict.WORLD),
    (asyncpg.AdminShutdownError(), Verdict.WORLD),
    (asyncpg.QueryCanceledError(), Verdict.WORLD),
    (asyncpg.TooManyConnectionsError(), Verdict.WORLD),
    (asyncpg.DeadlockDetectedError(), Verdict.WORLD),
    (asyncpg.SerializationError(), Verdict.WORLD),
    (asyncpg.LockNotAvailableError(), Verdict.WORLD),
    (asyncpg.DiskFullError(), Verdict.WORLD),
    (asyncpg.OutOfMemoryError(), Verdict.WORLD),
    (asyncpg.PostgresIOError(), Verdict.WORLD),
    (asyncpg.ReadOnlySQLTransactionError(), Verdict.WORLD),
    (asyncpg.InvalidPasswordError(), Verdict.WORLD),
    (asyncpg.InvalidCatalogNameError(), Verdict.WORLD),
    (asyncpg.UndefinedTableError(), Verdict.WORLD),
    (asyncpg.UndefinedColumnError(), Verdict.WORLD),
    (asyncpg.InsufficientPrivilegeError(), Verdict.WORLD),
    (asyncpg.DataError(), Verdict.DATA),
    (asyncpg.NumericValueOutOfRangeError(), Verdict.DATA),
    (asyncpg.UntranslatableCharacterError(), Verdict.DATA),
    (asyncpg.CheckViolationError(), Verdict.DATA),
    (asyncpg.NotNullViolationError(), Verdict.DATA),
    (asyncpg.UniqueViolationError(), Verdict.DATA),
    (asyncpg.ForeignKeyViolationError(), Verdict.DATA),
    (asyncpg.ProgramLimitExceededError(), Verdict.DATA),
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
    ("outcomes", "length", "is_the_world"),
    [
        (["KeyError"] * (SAME_IN_A_ROW - 1), SAME_IN_A_ROW - 1, False),
        (["KeyError"] * SAME_IN_A_ROW, SAME_IN_A_ROW, True),
        (["KeyError"] * SAME_IN_A_ROW + [None], 0, False),
        (["KeyError"] * (SAME_IN_A_ROW - 1) + ["ValueError"], 1, False),
        (["KeyError", None] * SAME_IN_A_ROW, 0, False),
    ],
)
def test_the_same_unknown_error_many_times_in_a_row_is_the_world(
    outcomes: list[str | None], length: int, is_the_world: bool
) -> None:
    streak = Streak()
    for outcome in outcomes:
        streak = streak.after(outcome)
    assert (streak.length, streak.is_the_world) == (length, is_the_world)
