"""Problems of the servers and their consequences, for the log at start and for `mirror status`."""

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.faults import said
from store.ops import checks
from store.ops.checks import Finding
from store.postgres import STORE_ERRORS, Pool

log = structlog.get_logger(__name__)


async def concerns(pool: Pool, redis: Redis) -> list[str]:
    """Return one sentence for each problem."""
    return [one.text for one in await _findings(pool, redis) if one.level == "wrong"]


async def log_concerns(pool: Pool, redis: Redis) -> None:
    """Log one line for each problem and each limitation."""
    for one in await _findings(pool, redis):
        if one.level == "wrong":
            log.warning("server problem", what=one.text)
        elif one.level == "note":
            log.info("server limitation", what=one.text)


async def _findings(pool: Pool, redis: Redis) -> list[Finding]:
    return [*await _of_postgres(pool), *await _of_redis(redis)]


async def _of_postgres(pool: Pool) -> list[Finding]:
    try:
        async with pool.acquire() as connection:
            return await checks.of_postgres(connection)
    except STORE_ERRORS as error:
        cost = "deliveries wait in Redis, and nothing is mirrored"
        return [Finding("wrong", f"postgres does not answer ({said(error)}): {cost}; mirror check says more")]


async def _of_redis(redis: Redis) -> list[Finding]:
    try:
        return await checks.of_redis(redis)
    except (RedisError, OSError) as error:
        cost = "deliveries go to the spill, polling rests"
        return [Finding("wrong", f"redis does not answer ({said(error)}): {cost}; mirror check says more")]
