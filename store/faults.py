"""Describe an error of Postgres or Redis in one sentence: the address, the reason, what to do (pure)."""

import socket
import ssl
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
import redis.exceptions

PORTS: Final = {"postgres": 5432, "redis": 6379}


class Address(NamedTuple):
    """The address of a store, without its password."""

    host: str
    port: int
    database: str
    user: str
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address_of(url: str) -> Address:
    """The first host where the URL names several. Raises ValueError for a port that is not a number."""
    parts = urlsplit(url)
    postgres = parts.scheme.startswith("postgres")
    given = dict(parse_qsl(parts.query)) if postgres else {}
    login, at, hosts = parts.netloc.rpartition("@")
    first = parts._replace(netloc=f"{login}{at}{hosts.partition(',')[0]}")
    named = given.get("host", "").partition(",")[0] or first.hostname or "localhost"
    user = unquote(parts.username or "")
    return Address(
        parts.path if parts.scheme == "unix" else named,
        int(given.get("port", "").partition(",")[0] or first.port or PORTS["postgres" if postgres else "redis"]),
        unquote(parts.path.lstrip("/")) or (user if postgres else "0"),
        user,
        parts.scheme == "rediss",
    )


class KnownFault(NamedTuple):
    """Errors with one cause. `text` follows "Postgres at HOST:PORT "; {said} is the server's message."""

    errors: tuple[type[Exception], ...]
    text: str
    begins: str = ""
    """Only errors whose message begins with it."""


SESSION_POOL: Final = (
    "A pooler hands out a connection for each transaction. Let PgBouncer pool sessions (pool_mode = session), or go"
    " around it."
)
POSTGRES: Final = (
    KnownFault(
        (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
        "refuses the user {user!r}: {said}. Correct user and password in DATABASE_URL.",
    ),
    KnownFault(
        (asyncpg.InvalidCatalogNameError,),
        "has no database {database!r}. Create it (CREATE DATABASE {database}), or correct DATABASE_URL.",
    ),
    KnownFault((asyncpg.CannotConnectNowError,), "is starting or stopping: {said}. Try again in a moment."),
    KnownFault(
        (asyncpg.TooManyConnectionsError,),
        "has no connection left: {said}. Raise max_connections there, or lower POOL_MAX_SIZE.",
    ),
    KnownFault(
        (asyncpg.ReadOnlySQLTransactionError,),
        "is read-only: {said}. DATABASE_URL must name the primary, and {user!r} must not be a role with"
        " default_transaction_read_only.",
    ),
    KnownFault(
        (asyncpg.InsufficientPrivilegeError,),
        "gives the role {user!r} too few rights: {said}. DATABASE_URL must name the role that owns the mirror's tables"
        " and may create more: the one that runs mirror migrate.",
    ),
    KnownFault(
        (asyncpg.UntranslatableCharacterError, asyncpg.CharacterNotInRepertoireError),
        "can't hold a character in {database!r}: {said}. The database must be in UTF-8; run mirror check.",
    ),
    KnownFault(
        (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError),
        "loses prepared statements: {said}. " + SESSION_POOL,
    ),
    KnownFault((asyncpg.DeadlockDetectedError,), "ended one statement of a deadlock: {said}. Run it again."),
    KnownFault(
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError),
        "is not at the schema of this release in {database!r}. Run: mirror migrate",
    ),
    KnownFault(
        (asyncpg.QueryCanceledError,),
        "cancelled a statement that took too long. Run mirror status to see what it waits for, then try again.",
    ),
    KnownFault(
        (asyncpg.InvalidSchemaNameError,),
        "has no schema in the search_path of {user!r}: {said}. Name one that exists: ALTER ROLE {user} SET"
        " search_path = public.",
    ),
    KnownFault((asyncpg.ClientConfigurationError,), "can't be used with these options: {said}. Correct DATABASE_URL."),
    KnownFault((asyncpg.PostgresError,), "refused: {said} ({kind}). Correct DATABASE_URL, or the named cause."),
)  # fmt: skip
REDIS: Final = (
    KnownFault(
        (redis.exceptions.AuthenticationError,),
        "refuses: {said}. Correct user and password in REDIS_URL.",
    ),
    KnownFault(
        (redis.exceptions.NoPermissionError,),
        "does not let the user {user!r} do that: {said}. Give it all commands and keys (ACL SETUSER), or name"
        " another user in REDIS_URL.",
    ),
    KnownFault((redis.exceptions.ReadOnlyError,), "is a replica: {said}. REDIS_URL must name the primary."),
    KnownFault((redis.exceptions.BusyLoadingError,), "is loading its data. Try again in a moment."),
    KnownFault((redis.exceptions.OutOfMemoryError,), "is full: {said}. Give it more memory (maxmemory)."),
    KnownFault(
        (redis.exceptions.ResponseError,),
        "can't write its files: {said}. Free space on its disk.",
        begins="MISCONF",
    ),
    KnownFault((redis.exceptions.ResponseError,), "refused: {said}. Correct REDIS_URL, or the named cause."),
)  # fmt: skip


def postgres_fault(error: Exception, url: str) -> str:
    """Describe an error of a connection or a statement."""
    return _fault(error, url, POSTGRES, "Postgres", "DATABASE_URL")


def redis_fault(error: Exception, url: str) -> str:
    """Describe an error of a call to Redis."""
    return _fault(error, url, REDIS, "Redis", "REDIS_URL")


def _fault(error: Exception, url: str, table: tuple[KnownFault, ...], name: str, setting: str) -> str:
    try:
        at = address_of(url)
    except ValueError as wrong:
        return f"{setting} is not an address: {wrong}."
    for known in table:
        if isinstance(error, known.errors) and said(error).startswith(known.begins):
            words = {"said": said(error), "kind": type(error).__name__, "user": at.user, "database": at.database}
            return f"{name} at {at} {known.text.format(**words)}"
    return _line(_cause(error), name, at, setting)


def _line(error: BaseException, name: str, at: Address, setting: str) -> str:
    """Describe an error before the server answered."""
    match error:
        case socket.gaierror():
            return f"{name}: the host {at.host!r} is not known ({error.strerror}). Correct {setting}."
        case ConnectionRefusedError():
            return f"Nothing listens at {at}: start {name} there, or correct {setting}."
        case ssl.SSLError():
            return (
                f"{name} at {at} does not speak TLS as demanded: {said(error)}. Correct the scheme or sslmode in"
                f" {setting}."
            )
        case PermissionError() | FileNotFoundError():
            return f"{name}: {error.strerror} ({error.filename or at.host}). Correct {setting}."
        case TimeoutError():
            tls = ", does it speak TLS (rediss://)" if at.tls else ""
            asks = f"is it {name} that listens there{tls}, and does a firewall let us through?"
            return f"{name} at {at} does not answer in time: {asks} Otherwise correct {setting}."
        case ValueError() | TypeError():
            return f"{setting} is not right: {said(error)}."
    asks = f"Is it {name} that listens there, and does it speak TLS exactly where {setting} asks for it?"
    return f"{name} at {at} broke the connection: {said(error)}. {asks}"


def _cause(error: BaseException) -> BaseException:
    """Return the error inside one of redis-py."""
    inner = error.__cause__ or error.__context__
    if isinstance(inner, OSError | ssl.SSLError | TimeoutError):
        return inner
    return TimeoutError() if isinstance(error, redis.exceptions.TimeoutError) else error


def said(error: BaseException) -> str:
    """Return the server's message in one line, without details, which quote values."""
    text = getattr(error, "message", None) or str(error)
    return " ".join(str(text).split()).rstrip(".") or type(error).__name__
