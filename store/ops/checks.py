"""What Postgres and Redis are, and what they must be for the mirror: a finding for each question."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.faults import SESSION_POOL
from store.postgres import Connection, Pool, statement

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
SCHEMA: Final = max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
"""The newest migration, which this code needs."""
OLDEST_POSTGRES: Final = 160_000
OLDEST_REDIS: Final = 7
PROBE: Final = "inbox:{check}"
HALF_RESTORED: Final = (
    "holds tables of a mirror, and not which release made them. Restore the backup whole, into an empty database."
)
EXTENSIONS: Final = ("vector", "pg_trgm")


class Finding(NamedTuple):
    """`ok`: as it should be; `note`: works, with what is lost; `wrong`: must be mended before the mirror is right."""

    level: Literal["ok", "note", "wrong"]
    text: str


async def of_postgres(connection: Connection) -> list[Finding]:
    """Raises what Postgres raises."""
    is_ = await connection.fetchrow(statement("check_postgres"), list(EXTENSIONS))
    found = _of_server(is_)
    # A pooler makes the server process that answers another one than the connection's.
    if connection.get_server_pid() != is_["backend"]:
        found.append(
            Finding("wrong", f"a pooler stands before postgres, and prepared statements break. {SESSION_POOL}")
        )
    if is_["may_write"] is False:
        text = f"the role {is_['role']!r} may not write to the mirror's tables."
        return [*found, Finding("wrong", f"{text} DATABASE_URL must name the role that ran mirror migrate.")]
    if is_["has_tables"] and not is_["has_schema"]:
        return [*found, Finding("wrong", f"the database {is_['name']!r} {HALF_RESTORED}")]
    at = await connection.fetchval(statement("check_revision")) if is_["has_schema"] else None
    found += _of_schema(at)
    if at and not await connection.fetchval(statement("check_users")):
        found.append(Finding("note", "nobody can sign in yet. Run: mirror users add NAME --role admin"))
    return found


def _of_server(is_: Any) -> list[Finding]:
    name = f"postgres {is_['version'].split()[0]}"
    found = [Finding("ok", f"{name}, database {is_['name']!r}, as {is_['role']!r}")]
    if is_["number"] < OLDEST_POSTGRES:
        found = [Finding("wrong", f"{name} is older than 16: statements may be refused. Use PostgreSQL 16 or newer.")]
    if is_["encoding"] != "UTF8":
        text = f"the database {is_['name']!r} is in {is_['encoding']}, and can't hold every message. Create it anew:"
        found.append(Finding("wrong", f"{text} CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"))
    if is_["is_replica"] or is_["is_read_only"]:
        why = "a replica" if is_["is_replica"] else f"read-only for the role {is_['role']!r}"
        found.append(Finding("wrong", f"{name} is {why}. DATABASE_URL must name the primary, and a role that writes."))
    if is_["schema"] is None:
        text = f"the search_path of the role {is_['role']!r} names no schema that exists."
        return [*found, Finding("wrong", f'{text} ALTER ROLE "{is_["role"]}" SET search_path = public')]
    if not is_["may_create"]:
        text = f"the role {is_['role']!r} may not create tables: mirror migrate can't run as it."
        level: Literal["note", "wrong"] = "note" if is_["has_schema"] else "wrong"
        found.append(Finding(level, f'{text} Run as the owner: GRANT CREATE ON SCHEMA public TO "{is_["role"]}"'))
    if is_["extensions"] < len(EXTENSIONS):
        text = f"{name} lacks pgvector or pg_trgm: search goes without meaning, or without typos."
        found.append(Finding("note", f"{text} Install them (packages postgresql-NN-pgvector, postgresql-contrib)."))
    return found


def _of_schema(at: str | None) -> list[Finding]:
    if at is None or at < SCHEMA:
        where = f"at migration {at}" if at else "empty"
        return [Finding("wrong", f"the database is {where}, this code needs {SCHEMA}. Run: mirror migrate")]
    if at > SCHEMA:
        return [
            Finding(
                "note",
                f"the database is at migration {at}, newer than this release ({SCHEMA}): upgrade this release soon",
            )
        ]
    return [Finding("ok", f"the database is at migration {at}, the newest")]


async def counted(connection: Connection, names: Sequence[str]) -> list[int | None]:
    """Count the rows of each table, or the values of each `table.column`; None if it does not exist."""
    pairs = [(table, column or None) for table, _, column in (name.partition(".") for name in names)]
    rows = await connection.fetch(statement("count_losses"), [one[0] for one in pairs], [one[1] for one in pairs])
    return [row["count"] for row in rows]


async def of_streams(connection: Connection, shards: int) -> list[Finding]:
    """Compare the number of streams that workers drain with INBOX_SHARDS."""
    drained = await connection.fetchval(statement("check_drains"))
    if drained in (0, shards):
        return []
    if drained > shards:
        text = f"INBOX_SHARDS is {shards} here, and {drained} streams are drained: the workers have another setting,"
        return [Finding("note", f"{text} or still empty streams of an earlier one.")]
    text = f"INBOX_SHARDS is {shards} here, and the workers drain {drained}: deliveries in the other streams wait."
    return [Finding("wrong", f"{text} Set the same for all processes.")]


async def of_connections(connection: Connection, wanted: int) -> list[Finding]:
    """Compare the connections that one web process and one worker may open with what Postgres allows."""
    row = await connection.fetchrow(statement("check_connections"))
    most = min(value for value in row.values() if value is not None)
    if wanted <= most:
        return []
    text = f"one web process and one worker may open {wanted} connections, and postgres allows {most}."
    return [Finding("wrong", f"{text} Lower POOL_MAX_SIZE, or raise max_connections or the limit of the role.")]


async def answers(pool: Pool) -> None:
    """Run an empty query. Raises what Postgres raises."""
    await pool.execute(statement("still_there"))


async def write_probe(client: Redis) -> None:
    """Write a key that lives for a second. Raises what Redis raises: the user may only read, or see other keys."""
    await client.set(PROBE, b"", px=1000)


async def of_redis(client: Redis) -> list[Finding]:
    """Read only. Raises what Redis raises."""
    server, memory = await client.info("server"), await client.info("memory")
    files, copies = await client.info("persistence"), await client.info("replication")
    version = str(server.get("valkey_version") or server.get("redis_version", "0"))
    name = f"{'valkey' if 'valkey_version' in server else 'redis'} {version}"
    found = [Finding("ok", name)]
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        found = [Finding("wrong", f"{name} is older than 7. Use Redis 7, Valkey 8 or newer.")]
    if copies.get("role", "master") != "master":
        found.append(Finding("wrong", f"{name} is a replica. REDIS_URL must name the primary."))
    if not files.get("aof_enabled"):
        text = "redis has no append-only file: what it has accepted dies with it."
        found.append(Finding("wrong", f"{text} Start it with appendonly yes."))
    with contextlib.suppress(RedisError):  # hosted servers may refuse CONFIG
        if (await client.config_get("appendfsync")).get("appendfsync") == "no":
            text = "redis leaves writing its file to the system (appendfsync no): a crash loses 30 s of deliveries."
            found.append(Finding("note", f"{text} Set appendfsync everysec, or always."))
    if str(memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        text = f"redis evicts ({memory['maxmemory_policy']}): when it is full it may drop the inbox."
        found.append(Finding("wrong", f"{text} Set maxmemory-policy noeviction."))
    if (most := int(memory.get("maxmemory", 0))) and int(memory.get("used_memory", 0)) >= most:
        text = "redis is full (maxmemory): deliveries go to the spill, and no loop can report."
        found.append(Finding("wrong", f"{text} Raise maxmemory."))
    return found


async def of_room(client: Redis, inbox_bytes: int) -> list[Finding]:
    """Compare maxmemory of Redis with INBOX_LIMIT_BYTES."""
    most = int((await client.info("memory")).get("maxmemory", 0))
    if not most or inbox_bytes <= most:
        return []
    text = f"INBOX_LIMIT_BYTES is {inbox_bytes:,}, and redis takes {most:,} (maxmemory): more goes to the spill."
    return [Finding("note", f"{text} Raise maxmemory, or lower INBOX_LIMIT_BYTES.")]
