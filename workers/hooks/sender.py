"""Send notifications: at least once, in order for each lead and hook; retry for a day, then mark as dead."""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from domain.hooks import PAUSES
from domain.retries import pause
from store.hooks import notifications
from store.hooks.notifications import Notification
from store.postgres import Pool
from workers.hooks.channels import Channel, SendFailed

log = structlog.get_logger(__name__)

SENT_KEPT, DEAD_KEPT = timedelta(days=7), timedelta(days=90)
NO_CHANNEL = {
    "webhook": "HOOKS_KEY is not set", "slack": "SLACK_WEBHOOK_URL is not set", "email": "SMTP_URL is not set",
}  # fmt: skip


class HookSender:
    """Sends what is due. `channels` maps a kind of hook to its channel; a kind without settings is absent."""

    def __init__(self, pool: Pool, channels: Mapping[str, Channel]) -> None:
        self._pool = pool
        self._channels = channels

    async def tick(self) -> None:
        """Send all notifications that are due."""
        while due := await notifications.claim(self._pool):
            await asyncio.gather(*(self._send(one) for one in due))

    async def prune(self) -> None:
        now = datetime.now(UTC)
        await notifications.prune(self._pool, now - SENT_KEPT, now - DEAD_KEPT)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def _send(self, one: Notification) -> None:
        try:
            channel = self._channels.get(one.kind)
            if channel is None:
                raise SendFailed(NO_CHANNEL[one.kind])
            await channel.send(one)
        except SendFailed as error:
            await self._failed(one, str(error))
        except Exception as error:
            # Of whatever kind: without an attempt that counts, it would be sent again for ever.
            log.error("a channel of hooks broke", hook=one.hook, exc_info=error)
            await self._failed(one, f"it could not be sent ({type(error).__name__})")
        else:
            await notifications.sent(self._pool, one.id)

    async def _failed(self, one: Notification, why: str) -> None:
        again = pause(PAUSES, one.attempts, random.random())
        log.warning("sending to a hook failed", hook=one.hook, error=why, attempts=one.attempts, again=again)
        await notifications.failed(self._pool, one.id, why, again)
