"""What is not as it should be about the servers, and what it costs. Asked at start and by `mirror status`."""

from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.postgres import STORE_ERRORS, Pool, statement

log = structlog.get_logger(__name__)

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
SCHEMA = max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
"""The newest migration, which this code needs."""


async def concerns(pool: Pool, redis: Redis) -> list[str]:
    """A sentence each; none when all is well."""
    return [*await _of_postgres(pool), *await _of_redis(redis)]


async def tell_concerns(pool: Pool, redis: Redis) -> None:
    """A line in the log for each."""
    for concern in await concerns(pool, redis):
        log.warning("not as it should be", what=concern)


async def _of_postgres(pool: Pool) -> list[str]:
    try:
        async with pool.acquire() as connection:
            version = connection.get_server_version()
            behind = connection.get_server_pid() != await connection.fetchval(statement("backend_pid"))
            schema = await connection.fetchval(statement("schema_table"))
            at = await connection.fetchval(statement("schema_version")) if schema else None
    except STORE_ERRORS as error:
        return [f"postgres does not answer ({type(error).__name__}): deliveries wait in Redis, and nothing is mirrored"]
    found = []
    if version.major < 16:
        found.append(f"postgres is {version.major}, older than 16: not tested, statements may be refused")
    if behind:
        found.append("a pooler stands before postgres: in transaction mode prepared statements break; connect directly")
    if at is None or at < SCHEMA:
        found.append(f"the database is at migration {at or 'none'}, this code needs {SCHEMA}: run mirror migrate")
    return found


async def _of_redis(redis: Redis) -> list[str]:
    try:
        server, disk, memory = await redis.info("server"), await redis.info("persistence"), await redis.info("memory")
    except (RedisError, OSError) as error:
        return [f"redis does not answer ({type(error).__name__}): deliveries go to the spill, polling rests"]
    found = []
    if int(str(server.get("redis_version", "0")).split(".")[0]) < 7:
        found.append(f"redis is {server.get('redis_version')}, older than 7: not tested")
    if not disk.get("aof_enabled"):
        found.append("redis has no append-only file: what it has accepted dies with it (appendonly yes)")
    if str(memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        found.append(f"redis evicts ({memory['maxmemory_policy']}): when full it may drop the inbox (noeviction)")
    if (most := int(memory.get("maxmemory", 0))) and int(memory.get("used_memory", 0)) >= most:
        found.append("redis is full (maxmemory): deliveries go to the spill, and no loop can report; raise maxmemory")
    return found
