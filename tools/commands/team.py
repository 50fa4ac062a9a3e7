"""`python -m tools team`: do what the sellers of the demo's story do with their leads, then date it."""

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
from store.leads import leads, overview
from store.leads.leads import Actor
from store.postgres import Pool

HERE: Final = Path(__file__).parent
MANAGER: Final = Actor(Source.AGENT, "key:manager-bot")
VALUE: Final = 4_188_000
"""Estimated value of most leads in rupiah: twelve months of the usual plan."""
SUBJECTS: Final = {"high": "Chat dan laporan tidak jalan", "urgent": "Chat pelanggan tidak masuk sejak pagi"}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("story", type=Path, help="the file that `simulate --story` wrote")
    parser.add_argument("--times", action="store_true", help="only date the rows, after the chats were read")


def run(arguments: argparse.Namespace) -> int:
    story = json.loads(arguments.story.read_text())
    step = _date if arguments.times else _work
    return asyncio.run(run_reporting_store_errors(lambda: step(story)))


async def _work(story: Sequence[dict[str, Any]]) -> int:
    async with database() as pool:
        found = await pool.fetch(_sql("leads"))
        ids: dict[str, UUID] = {row["number"]: row["id"] for row in found}
        for chat in story:
            if id := ids.get(chat["phone"]):
                await _work_on(pool, id, chat)
    return 0


async def _date(story: Sequence[dict[str, Any]]) -> int:
    async with database() as pool, pool.acquire() as connection, connection.transaction():
        await connection.execute(_sql("story"), json.dumps(story))
        await connection.execute(_sql("times"))
    async with database() as pool:
        await overview.fill_reply_times(pool, datetime.now(UTC))  # somebody may look before the worker's turn
    return 0


async def _work_on(pool: Pool, id: UUID, chat: dict[str, Any]) -> None:
    """Change the lead as its seller, or as the manager bot if it has none."""
    by = Actor(Source.HUMAN, f"user:{chat['seller']}") if chat["seller"] else MANAGER
    if chat["seller"]:
        values = {"owner": chat["seller"], "estimated_value": chat.get("value", VALUE)}
        await leads.patch(pool, id, values, version=None, by=by)
    for action in chat["actions"]:
        if action["kind"] == "status":
            await leads.set_status(pool, id, action["text"], by=by)
        else:
            await leads.add_note(pool, id, action["text"], by=by)
    for tag in chat.get("tags", ()):
        await leads.retag(pool, id, add=tag, by=by)
    if "snooze" in chat:
        when = until(chat["snooze"], datetime.now(UTC), ZoneInfo("Asia/Jakarta"))
        await leads.snooze(pool, id, when, by=by, questions=None)
    conversation = await tickets.conversation_of(pool, id)
    if "ticket" in chat and conversation:
        await _open_ticket(pool, conversation, chat, by)
    if "handoff" in chat:
        await _hand_off(pool, conversation, chat)


async def _open_ticket(pool: Pool, conversation: UUID, chat: dict[str, Any], by: Actor) -> None:
    priority = chat["ticket"]
    ticket = await tickets.create(
        pool, conversation, SUBJECTS[priority], priority=priority, assignee=chat["seller"], by=by
    )
    if priority != "urgent":
        await tickets.patch(pool, ticket["id"], {"status": "solved"}, by=by)


async def _hand_off(pool: Pool, conversation: UUID | None, chat: dict[str, Any]) -> None:
    packet = ContextPacket(
        session_id=f"wa-{chat['phone']}", lead_level="hot", handoff_reason=chat["handoff"], visitor_name=chat["name"],
        visitor_phone=f"+{chat['phone']}", conversation_id=str(conversation) if conversation else None,
        conversation_summary=chat["summary"],
    )  # fmt: skip
    await crm_client(None, pool, load(StoreSettings).phones).create_lead(packet)


def _sql(name: str) -> str:
    return (HERE / f"team_{name}.sql").read_text()
