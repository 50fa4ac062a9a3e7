"""The judge of failures: is an error the fault of the data, or of the world? Pure."""

import asyncpg

# What Postgres says when the values themselves cannot be stored: bad input, broken constraint, index row too long.
DATA = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.UntranslatableCharacterError,
)


def is_fault_of_data(error: BaseException) -> bool:
    """True where trying again cannot help; everything else is the world, and waiting may."""
    return isinstance(error, DATA)


def describe(error: BaseException) -> str:
    """The kind of error, without the values that Postgres quotes in its message."""
    parts = [type(error).__name__, getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)]
    return " ".join(str(part) for part in parts if part)
