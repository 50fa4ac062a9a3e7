"""Another CRM, as a team would write it for CRM_CLIENT: it takes packets, and knows nothing of the mirror."""

import asyncio
import os
from pathlib import Path

from domain.handoff import ContextPacket


class FileCRM:
    """Appends each packet to the file OTHER_CRM_FILE, as a line of JSON; it refuses where that is not set."""

    async def create_lead(self, context_packet: ContextPacket) -> str:
        await asyncio.to_thread(_append, context_packet.model_dump_json())
        return f"file-{context_packet.packet_id}"


def _append(line: str) -> None:
    with Path(os.environ["OTHER_CRM_FILE"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


class NoCRM:
    """Lacks the method create_lead."""
