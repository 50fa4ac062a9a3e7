"""Since when somebody waits for us: a function of what was said, whatever the order and the batches it comes in."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.delivery import Delivery
from domain.lead_filter import LeadFilter
from store.leads import lead_list
from store.postgres import Pool
from tests.chats import NUMBER, chat, conversation, lead
from tests.helpers import RECEIVED_AT, delivery, settled


@dataclass(frozen=True)
class Said:
    """A message as it stands in the end."""

    id: str
    at: int
    ours: bool
    type: str = "text"
    failed: bool = False
    received: int = 0

    def events(self, who: str) -> Iterable[Delivery]:
        statuses = ("sent", "failed" if self.failed else "delivered") if self.ours else ("received",)
        for status in statuses:
            content: dict[str, Any] = {"text": {"body": self.id}}
            if self.type == "reaction":
                content = {"reaction": {"message_id": "m0", "emoji": "👍"}}
            message = {
                "id": self.id, "timestamp": str(int(RECEIVED_AT.timestamp()) + self.at), "type": self.type, **content,
                "to" if self.ours else "from": who,
                "kapso": {"direction": "outbound" if self.ours else "inbound", "status": status},
            }  # fmt: skip
            at = RECEIVED_AT + timedelta(seconds=self.received)
            body = {"message": message, "conversation": {"id": conversation(who), "phone_number": who}}
            yield delivery(body, f"whatsapp.message.{status}", at=at)


def waits(said: Iterable[Said]) -> datetime | None:
    """As the guide states it: their first message after our last answer."""
    since = None
    for one in sorted(said, key=lambda m: (m.at, m.received, m.id)):
        if one.type == "reaction" or one.failed:
            continue
        since = None if one.ours else since if since is not None else one.at
    return None if since is None else RECEIVED_AT.replace(microsecond=0) + timedelta(seconds=since)


def some_chat(rng: random.Random, who: str) -> list[Said]:
    """Within a few seconds, so that times tie."""
    return [
        Said(f"{who} {n}", rng.randrange(5), ours := rng.random() < 0.5, rng.choice(["text", "text", "text", "reaction"]),
             ours and rng.random() < 0.3, rng.randrange(3))
        for n in range(rng.randrange(2, 6))
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
async def test_in_any_order_and_in_any_batches(seed: int, pool: Pool) -> None:
    rng = random.Random(seed)
    for n in range(90):
        who = str(621000 + n)
        said, most = some_chat(rng, who), rng.choice([2, 4, 10])
        events = [event for one in said for event in one.events(who)]
        rng.shuffle(events)
        while events:
            count = rng.randrange(1, most)
            await settled(pool, events[:count])
            events = events[count:]
        found = await pool.fetchval("SELECT waiting_since FROM contacts WHERE phone = $1", f"+{who}")
        assert found == waits(said), said


async def test_a_worker_of_the_release_before_keeps_it_too(pool: Pool) -> None:
    """It writes what was said last, and does not know the column."""
    await chat(pool, "halo", "< halo kak")
    answered = await pool.fetchrow("SELECT * FROM contacts")
    assert answered["waiting_since"] is None
    await chat(pool, "berapa?", at=10)
    asked = await pool.fetchrow("SELECT * FROM contacts")
    as_before = "UPDATE contacts SET last_message_id = $1, last_message_direction = $2, heard_at = now()"
    await pool.execute("UPDATE contacts SET waiting_since = NULL, heard_lately = false")
    await pool.execute("UPDATE contacts SET last_message_id = $1, last_message_direction = 'outbound'", "m")
    await pool.execute(as_before, asked["last_message_id"], "inbound")
    now = await pool.fetchrow("SELECT * FROM contacts")
    assert now["waiting_since"] == asked["waiting_since"] is not None
    assert now["heard_lately"]


async def test_a_reply_that_failed_leaves_them_waiting_and_who_asks_again_keeps_their_place(pool: Pool) -> None:
    other = "6281200000001"
    await chat(pool, "halo", at=0)
    await chat(pool, "halo", number=other, at=5)
    await chat(pool, "masih ada?", at=60)  # it does not put them behind the other
    reply = Said("m9", 90, ours=True, failed=True)
    for event in reply.events(NUMBER):
        await settled(pool, [event])
    told = await lead(pool)
    assert told["awaiting_reply"]
    assert told["waiting_since"] == RECEIVED_AT.replace(microsecond=0).astimezone(UTC)
    page = await lead_list.page(pool, LeadFilter(awaiting_reply=True), order="waiting")
    assert [row["mirrored_phone"] for row in page.leads] == [f"+{NUMBER}", f"+{other}"]
    await chat(pool, "< ada kak", at=120)
    assert not (await lead(pool))["awaiting_reply"]
    await chat(pool, "harganya?", "< 250 ribu", "oke", at=200)  # in one batch
    assert (await lead(pool))["waiting_since"] == RECEIVED_AT.replace(microsecond=0) + timedelta(seconds=202)
    await chat(pool, "< siap", at=210)
    first = await lead_list.page(pool, LeadFilter(), order="waiting", limit=1)
    assert [row["mirrored_phone"] for row in first.leads] == [f"+{other}"]
    then = await lead_list.page(pool, LeadFilter(), order="waiting", limit=1, after=first.next)
    assert [row["mirrored_phone"] for row in then.leads] == [f"+{NUMBER}"]
    assert then.next is None
