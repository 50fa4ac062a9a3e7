"""Chats for tests: messages that are mirrored, and leads that they make."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from store.leads.reading import ReadingPass
from store.postgres import Pool
from tests.helpers import RECEIVED_AT, delivery, settled
from workers.extraction.extract import Extraction
from workers.extraction.known import Known
from workers.extraction.rules.reader import Rules
from workers.extraction.source import ChatSource

NUMBER = "6281234567890"


def conversation(number: str = NUMBER) -> str:
    return str(UUID(int=int(number)))


async def chat(
    pool: Pool, *said: str, number: str = NUMBER, at: int = 0, ago: float | None = None, **more: Any
) -> None:
    """One message a line, a second apart from `at` on, or from so many seconds `ago` on; '< ' begins one of ours."""
    start = RECEIVED_AT if ago is None else datetime.now(UTC) - timedelta(seconds=ago)
    deliveries = []
    for place, text in enumerate(said):
        ours = text.startswith("< ")
        seconds = str(int(start.timestamp()) + at + place)
        message = {
            "id": f"wamid.{uuid4().hex}", "timestamp": seconds, "type": "text", "text": {"body": text.removeprefix("< ")},
            "to" if ours else "from": number,
            "kapso": {"direction": "outbound" if ours else "inbound", "status": "sent" if ours else "received"},
        }  # fmt: skip
        body = {"message": message, "conversation": {"id": conversation(number), "phone_number": number} | more}
        deliveries.append(delivery(body, f"whatsapp.message.{'sent' if ours else 'received'}", at=start))
    await settled(pool, deliveries)


async def project_event(
    pool: Pool, name: str, properties: dict[str, Any], *, number: str = NUMBER, at: int = 0
) -> None:
    body = {
        "id": str(uuid4()), "event": "project.event", "name": name, "conversation_id": conversation(number),
        "occurred_at": RECEIVED_AT.replace(second=at).isoformat(), "properties": properties,
    }  # fmt: skip
    await settled(pool, [delivery(body, "project.event")])


async def extracted(pool: Pool, *readers: ChatSource, ai_applies: bool = True) -> ReadingPass:
    """One pass, by the rules if nobody else is named."""
    known = Known(bot="sarah", note_event="lead.note")
    return await Extraction(pool, known, readers or (Rules("ID"),), bot="sarah", ai_applies=ai_applies).run()


async def lead(pool: Pool, *, number: str = NUMBER) -> asyncpg.Record:
    """The row of the view leads."""
    return await pool.fetchrow("SELECT * FROM leads WHERE mirrored_phone = $1", f"+{number}")


async def changes(pool: Pool, field: str) -> Sequence[asyncpg.Record]:
    return list(await pool.fetch("SELECT * FROM lead_changes WHERE field = $1 ORDER BY id", field))
