"""`dev.py team`: what the sellers of the demo's story did with their leads, and when."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.stores import StoreSettings
from domain.handoff import ContextPacket
from domain.lead import Source
from domain.snooze import until
from store.crm import tickets
from store.crm.handoffs import crm_client
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool

MANAGER: Final = Actor(Source.AGENT, "key:manager-bot")
SQL: Final = (Path(__file__).parent / "team.sql").read_text()
VALUE: Final = 4_188_000
"""Of most leads: twelve months of the usual plan, in rupiah."""
SUBJECTS: Final = {"high": "Chat dan laporan tidak jalan", "urgent": "Chat pelanggan tidak masuk sejak pagi"}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("story", type=Path, help="the file that `simulate --story` wrote")
    parser.add_argument("--times", action="store_true", help="only give the rows their times, once the chats were read")


def run(arguments: argparse.Namespace) -> int:
    story = json.loads(arguments.story.read_text())
    act = _time if arguments.times else _run
    return asyncio.run(run_reporting_store_errors(lambda: act(story)))


async def _run(story: Sequence[dict[str, Any]]) -> int:
    async with database() as pool:
        found = await pool.fetch("SELECT id, phone, ltrim(phone, '+') AS number FROM leads")
        ids: dict[str, UUID] = {row["number"]: row["id"] for row in found}
        for one in story:
            if id := ids.get(one["phone"]):
                await _work(pool, id, one)
    return 0


async def _time(story: Sequence[dict[str, Any]]) -> int:
    async with database() as pool, pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('demo.story', $1, true)", json.dumps(story))
        await connection.execute(SQL)
    return 0


async def _work(pool: Pool, id: UUID, one: dict[str, Any]) -> None:
    """By the lead's seller, or by the manager bot where there is none."""
    by = Actor(Source.HUMAN, f"user:{one['seller']}") if one["seller"] else MANAGER
    if one["seller"]:
        known = {"owner": one["seller"], "estimated_value": one.get("value", VALUE)}
        await leads.patch(pool, id, known, version=None, by=by)
    for deed in one["deeds"]:
        if deed["kind"] == "status":
            await leads.set_status(pool, id, deed["text"], by=by)
        else:
            await leads.add_note(pool, id, deed["text"], by=by)
    for tag in one.get("tags", ()):
        await leads.retag(pool, id, add=tag, by=by)
    if "snooze" in one:
        when = until(one["snooze"], datetime.now(UTC), ZoneInfo("Asia/Jakarta"))
        await leads.snooze(pool, id, when, by=by, questions=None)
    conversation = await tickets.conversation_of(pool, id)
    if "ticket" in one and conversation:
        ticket = await tickets.create(
            pool, conversation, SUBJECTS[one["ticket"]], priority=one["ticket"], assignee=one["seller"], by=by
        )
        if one["ticket"] != "urgent":
            await tickets.patch(pool, ticket["id"], {"status": "solved"}, by=by)
    if "handoff" in one:
        packet = ContextPacket(
            session_id=f"wa-{one['phone']}", lead_level="hot", handoff_reason=one["handoff"], visitor_name=one["name"],
            visitor_phone=f"+{one['phone']}", conversation_id=str(conversation) if conversation else None,
            conversation_summary=one["summary"],
        )  # fmt: skip
        await crm_client(None, pool, load(StoreSettings).phones).create_lead(packet)
