"""Kapso's handoffs go to the CRM by themselves, and are tried until it has them."""

import asyncio
import time
from typing import Any

import asyncpg
import structlog

from domain.handoff import ContextPacket, CRMClient, reason_of
from domain.phone import ANYWHERE, Phones
from store.crm import handoffs
from store.postgres import Pool

log = structlog.get_logger(__name__)

MOST_PER_RUN = 20
# Seconds that a CRM may take for one, and that a run goes on to the next one: together less than the job's timeout.
PATIENCE = 30.0
RUN_SECONDS = 200.0


class HandoffSender:
    """`client` is any CRM."""

    def __init__(self, pool: Pool, client: CRMClient, phones: Phones = ANYWHERE) -> None:
        self._pool = pool
        self._client = client
        self._phones = phones
        self._works = asyncio.Lock()

    async def tick(self) -> None:
        """Returns at once while another tick works: a slow CRM must not take all connections of the worker."""
        if self._works.locked():
            return
        async with self._works:
            if taken := await self.deliver():
                log.info("handed over", handoffs=taken)

    async def deliver(self) -> int:
        """Deliver what is due, one after the other, up to MOST_PER_RUN. Returns how many the CRM took."""
        await handoffs.prepare_records(self._pool)
        taken, until = 0, time.monotonic() + RUN_SECONDS
        for _ in range(MOST_PER_RUN):
            took = await self._deliver_next()
            if took is None:
                break
            taken += took
            if time.monotonic() > until:
                break
        return taken

    async def _deliver_next(self) -> bool | None:
        """Deliver the next due handoff, and return whether the CRM took it. None if no handoff is due.

        Each has its own transaction, so that a failure of one does not undo the stored id of another.
        """
        async with handoffs.due(self._pool) as (connection, row):
            if row is None:
                return None
            packet = await handoffs.completed(connection, packet_of(row), self._phones)
            try:
                async with asyncio.timeout(PATIENCE):
                    crm_record_id = await self._client.create_lead(packet)
            except Exception as error:
                # Of whatever kind: another CRM has errors of its own, and the next handoff must have its turn.
                kind = type(error.__cause__ if isinstance(error, handoffs.HandoffNotTaken) else error).__name__
                log.warning("the crm did not take a handoff", execution=row["execution_id"], error=kind)
                await handoffs.postpone(connection, row["id"], kind, attempts=row["attempts"])
                return False
            await handoffs.delivered(connection, row["id"], crm_record_id)
            return True


def packet_of(row: asyncpg.Record | dict[str, Any]) -> ContextPacket:
    """The packet of a run that was handed over (pure), without what is known of the visitor."""
    reason, original = reason_of(row["reason"])
    return ContextPacket(
        packet_id=f"kapso:{row['execution_id']}",
        session_id=row["session_id"],
        lead_level=row["lead_level"],
        handoff_reason=reason,
        original_reason=original and original[:1000],
        conversation_id=str(row["conversation_id"]) if row["conversation_id"] else None,
        turn_count=row["turns"],
    )
