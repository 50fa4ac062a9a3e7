"""The Redis client that receiver and workers use."""

from redis.asyncio import Redis


def connect(redis_url: str, *, timeout: float = 5) -> Redis:
    """Connects when first used. `timeout` (seconds) bounds each call; a blocking read must wait less."""
    client: Redis = Redis.from_url(
        redis_url, socket_timeout=timeout, socket_connect_timeout=timeout, health_check_interval=30
    )
    return client
