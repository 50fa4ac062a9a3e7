"""Kapso's handoffs go to the CRM by themselves, and are tried until it has them."""

import asyncio
from typing import Any

import asyncpg
import orjson
import structlog

from crm.handoff import ContextPacket, CRMClient, reason_of
from store import handoffs
from store.postgres import Pool

log = structlog.get_logger(__name__)

AT_ONCE = 20
# Seconds that a CRM may take for one.
PATIENCE = 30.0
LONGEST_SUMMARY = 20_000


class HandoffDesk:
    """`client` is any CRM."""

    def __init__(self, pool: Pool, client: CRMClient) -> None:
        self._pool = pool
        self._client = client

    async def tick(self) -> None:
        if taken := await self.deliver():
            log.info("handed over", handoffs=taken)

    async def deliver(self) -> int:
        """Whatever is due; returns how many the CRM took."""
        await handoffs.look(self._pool)
        taken = 0
        for _ in range(AT_ONCE):
            took = await self._deliver_next()
            if took is None:
                break
            taken += took
        return taken

    async def _deliver_next(self) -> bool | None:
        """In a transaction of its own, so that no slow CRM makes another's id be forgotten; None where none is due."""
        async with handoffs.due(self._pool) as (connection, row):
            if row is None:
                return None
            try:
                async with asyncio.timeout(PATIENCE):
                    crm_record_id = await self._client.create_lead(packet_of(row))
            except Exception as error:
                # Of whatever kind: another CRM has errors of its own, and the next handoff must have its turn.
                kind = type(error).__name__
                log.warning("the crm did not take a handoff", execution=row["execution_id"], error=kind)
                await handoffs.postpone(connection, row["id"], kind, attempts=row["attempts"])
                return False
            await handoffs.delivered(connection, row["id"], crm_record_id)
            return True


def packet_of(row: asyncpg.Record | dict[str, Any]) -> ContextPacket:
    """What is known of a run that was handed over (pure)."""
    reason, original = reason_of(row["reason"])
    signals = orjson.loads(row["signals"]) if row["signals"] else {}
    return ContextPacket(
        packet_id=f"kapso:{row['execution_id']}",
        session_id=row["session_id"],
        lead_level=row["lead_level"],
        handoff_reason=reason,
        original_reason=original and original[:1000],
        conversation_id=str(row["conversation_id"]) if row["conversation_id"] else None,
        visitor_email=row["email"],
        visitor_phone=row["phone"],
        visitor_name=row["name"] and row["name"][:200],
        turn_count=row["turns"],
        signals_observed=[{"signal": name, **said} for name, said in sorted(signals.items())],
        conversation_summary=row["story"] and row["story"][:LONGEST_SUMMARY],
    )
