"""Guarantee 2: the rows are a function of the set of events, whatever the order, the repeats, the batches, the workers."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.delivery import Delivery
from domain.lead_filter import LeadFilter
from store.leads import lead_detail, lead_list
from store.postgres import Pool
from tests.databases import emptied
from tests.helpers import RECEIVED_AT, delivery, mirrored, payload, payload_delivery, rows, settled
from tools.simulator.chaos import Chaos
from tools.simulator.town import Town

CLOCK = RECEIVED_AT.timestamp() - 3600


async def wiped(pool: Pool) -> None:
    await emptied(pool)


def town_deliveries(seed: int, count: int, *, people: int) -> list[Delivery]:
    """What a small town says within a few seconds, so that times tie, numbers change hands and identities change."""
    kinds = frozenset({"recycle", "batch"})
    rng = random.Random(seed)
    town = Town(seed, people=people, clock=lambda: CLOCK + rng.randrange(20), chaos=kinds)
    chaos = Chaos(seed, kinds)
    posts = (post for scene in town.scenes() for post in chaos.deliver(scene))
    return [
        delivery(post.body.encode(), post.event, version=post.version, at=RECEIVED_AT + timedelta(seconds=number))
        for number, post in enumerate(itertools.islice(posts, count))
    ]


def preference(status: str, sequence: int, *, seconds: int) -> Delivery:
    body = payload("contact_marketing_preference")["body"]
    occurred_at = datetime.fromtimestamp(CLOCK + seconds, UTC).isoformat()
    said = {"status": status, "sequence": sequence, "occurred_at": occurred_at}
    return delivery(body | {"marketing_preference": said}, "whatsapp.contact.marketing_preference_changed")


def in_place(kind: str, id: str, original: str, at: int, words: str = "", *, seconds: int) -> Delivery:
    """The customer edits a message, or deletes it."""
    part: dict[str, object] = {"original_message_id": original}
    if kind == "edit":
        part["message"] = {"type": "text", "text": {"body": words}}
    body = {
        "message": {"id": id, "timestamp": str(int(CLOCK) + at), "from": "621", "type": kind, kind: part},
        "conversation": {"id": CONVERSATION},
    }
    return delivery(body, "whatsapp.message.received", at=RECEIVED_AT + timedelta(seconds=seconds))


def of_group(id: str, at: int, *, event: str = "received") -> Delivery:
    body = {
        "message": {"id": id, "timestamp": str(int(CLOCK) + at), "from": "621", "type": "text", "group_id": "G1",
                    "text": {"body": "to all"}, "kapso": {"direction": "inbound", "status": event}},
    }  # fmt: skip
    return delivery(body, f"whatsapp.message.{event}")


def moved(wa_id: str, *, old: str, id: str = "m9") -> Delivery:
    """WhatsApp says that somebody has another number now, in a session that still shows the old one."""
    system = {"type": "user_changed_number", "wa_id": wa_id, "body": "changed"}
    body = {
        "message": {"id": id, "timestamp": str(int(CLOCK)), "from": old, "type": "system", "system": system},
        "conversation": {"id": CONVERSATION, "phone_number": old},
    }
    return delivery(body, "whatsapp.message.received")


def message(
    id: str, at: int, *, number: str | None, bsuid: str | None, event: str = "received", session: str = "01",
    heard: int = 0,
) -> Delivery:  # fmt: skip
    inbound = event == "received"
    side = "from" if inbound else "to"
    who = {key: value for key, value in ((side, number), (f"{side}_user_id", bsuid)) if value}
    kapso = {"direction": "inbound" if inbound else "outbound", "status": event}
    text = {"type": "text", "text": {"body": f"{id} says {event}"}, "kapso": kapso}
    body = {
        "message": {"id": id, "timestamp": str(int(CLOCK) + at), **who, **text},
        "conversation": {"id": CONVERSATION[:-2] + session},
    }
    return delivery(body, f"whatsapp.message.{event}", at=RECEIVED_AT + timedelta(seconds=heard))


CONVERSATION = "3f0e6c1a-7d52-4c1e-9a55-1b7c0f2a9d01"

STORIES = {
    "a message and its statuses": [
        message("m1", 0, number="621", bsuid="ID.1", event=event) for event in ("sent", "delivered", "read", "failed")
    ],
    "a number, an id, and both together": [
        message("m1", 0, number="621", bsuid=None),
        message("m2", 1, number=None, bsuid="ID.1"),
        message("m3", 2, number="621", bsuid="ID.1"),
    ],
    "a number that changes hands": [
        message("m1", 0, number="621", bsuid="ID.1"),
        message("m2", 1, number="621", bsuid=None),
        message("m3", 5, number="621", bsuid="ID.2"),
        message("m4", 6, number="621", bsuid=None),
    ],
    "a number that comes back": [
        message("m1", 0, number="621", bsuid="ID.1"),
        message("m2", 3, number="621", bsuid="ID.2"),
        message("m3", 6, number="621", bsuid="ID.1"),
        message("m4", 7, number="621", bsuid=None),
    ],
    "a new id replaces the old one": [
        payload_delivery("contact_identity_changed"),
        message("m1", 0, number="6281234500011", bsuid="ID.OLD2"),
        message("m2", 9, number="6281234500011", bsuid="ID.NEW2"),
    ],
    "a conversation ends, is reopened, and is described": [
        payload_delivery("conversation_created"),
        payload_delivery("conversation_ended"),
        payload_delivery("conversation_inactive"),
        payload_delivery("received_sparse"),
    ],
    "one message in all versions": [
        payload_delivery("received_conversation_only"),
        payload_delivery("v1_received"),
        payload_delivery("received_text"),
        payload_delivery("received_two_spellings"),
    ],
    "a status without the body, and one that is unsupported": [
        payload_delivery("sent_text"),
        delivery(
            {"message": {"id": "wamid.TEST0011", "timestamp": str(int(CLOCK)), "type": "text", "to": "621"}},
            "whatsapp.message.delivered",
        ),
        delivery(
            {"message": {"id": "wamid.TEST0011", "timestamp": str(int(CLOCK) + 9), "type": "unsupported", "to": "621",
                         "unsupported": {"type": "edit"}}},
            "whatsapp.message.read",
        ),
    ],
    "a message that is named better later": [
        message("m1", 0, number="621", bsuid=None, event="sent"),
        message("m1", 1, number=None, bsuid="ID.1", event="delivered"),
        message("m1", 2, number="622", bsuid=None, event="read"),
        message("m2", 3, number="622", bsuid=None),
    ],
    "conversations without times, named by a number that changed hands": [
        message("m1", 0, number="621", bsuid="ID.1"),
        message("m2", 1, number="621", bsuid=None, session="02"),
        message("m3", 5, number="621", bsuid="ID.2", session="03"),
        message("m4", 6, number=None, bsuid=None, session="02"),
    ],
    "preferences of one sequence": [
        preference("stopped", 5, seconds=1),
        preference("resumed", 5, seconds=2),
        preference("stopped", 4, seconds=3),
    ],
    "somebody takes another number, and the old one goes to a stranger": [
        message("m1", 0, number="621", bsuid="ID.1"),
        moved("629", old="621"),
        message("m2", 7, number="621", bsuid=None, session="02"),
        message("m3", 8, number="629", bsuid="ID.1", session="03"),
    ],
    "a message is edited twice and deleted, beside another of its second": [
        message("m1", 0, number="621", bsuid=None),
        in_place("edit", "m2", "m1", 3, "better", seconds=1),
        in_place("edit", "m3", "m1", 3, "best", seconds=2),
        in_place("revoke", "m4", "m1", 9, seconds=3),
        message("m0", 0, number="621", bsuid=None),
    ],
    "a message that turns out to be of a group": [
        message("m1", 0, number="621", bsuid=None),
        of_group("m1", 0),
        message("m2", 1, number="621", bsuid=None),
        in_place("edit", "m3", "m1", 3, "better", seconds=1),
    ],
    "two spellings of a number, each alone and together": [
        message("m1", 0, number="551187650001", bsuid=None),
        message("m2", 1, number="5511987650001", bsuid=None),
        payload_delivery("received_two_spellings"),
        message("m4", 3, number="5511987650001", bsuid="ID.1"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
async def test_every_order_of_a_small_set_ends_in_the_same_rows(story: str, pool: Pool) -> None:
    wanted = None
    for order in itertools.permutations(STORIES[story]):
        await wiped(pool)
        for one in order:
            await settled(pool, [one])
        found = await mirrored(pool)
        wanted = wanted or found
        assert found == wanted, [json.loads(one.body) for one in order]


async def test_messages_of_one_second_stand_in_the_order_in_which_they_were_received(pool: Pool) -> None:
    said = [
        message("m3", 0, number="621", bsuid=None, heard=1),
        message("m1", 0, number="621", bsuid=None, heard=2),
        message("m2", 0, number="621", bsuid=None, heard=3),
        message("m3", 0, number="621", bsuid=None, heard=9),  # once more
        message("m9", 0, number="622", bsuid=None, session="02", heard=1),
        message("m4", 0, number="622", bsuid=None, session="02", heard=4),
    ]
    for order in (random.Random(seed).sample(said, len(said)) for seed in range(40)):
        await wiped(pool)
        for one in order:
            await settled(pool, [one])
        contacts = {row["phone"]: row for row in await pool.fetch("SELECT * FROM contacts")}
        chat = await lead_detail.messages(pool, contacts["+621"]["id"])
        assert [row["id"] for row in chat] == ["m2", "m1", "m3"]
        assert contacts["+621"]["last_message_text"] == "m2 says received"
        page = await lead_list.page(pool, LeadFilter())
        assert [row["phone"] for row in page.leads] == ["+622", "+621"]


async def test_two_numbers_alone_are_not_two_spellings_of_one(pool: Pool) -> None:
    await settled(pool, [moved("6289999", old="6281111")])
    assert await rows(pool, "identity_joins") == []
    assert {row["phone"] for row in await rows(pool, "contacts")} == {"+6289999", "+6281111"}


async def test_what_brings_no_body_covers_none(pool: Pool) -> None:
    await settled(pool, STORIES["a status without the body, and one that is unsupported"])
    row = await pool.fetchrow("SELECT type, text, content, status FROM messages")
    assert tuple(row) == ("text", "Halo", '{"body": "Halo"}', "read")


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_repeats_and_batches_end_in_the_same_rows(seed: int, pool: Pool) -> None:
    deliveries = town_deliveries(seed, 150, people=6)
    await settled(pool, deliveries)
    wanted = await mirrored(pool)
    rng = random.Random(seed)
    for _ in range(3):
        await wiped(pool)
        again = deliveries + rng.sample(deliveries, 30)
        rng.shuffle(again)
        for batch in split(again, rng):
            await settled(pool, batch)
        assert await mirrored(pool) == wanted


@pytest.mark.parametrize("seed", range(100, 106))
async def test_two_drains_at_once_end_in_the_same_rows(seed: int, pool: Pool) -> None:
    deliveries = town_deliveries(seed, 200, people=5)
    for one in deliveries:
        await settled(pool, [one])
    wanted = await mirrored(pool)
    rng = random.Random(seed)
    await wiped(pool)
    rng.shuffle(deliveries)
    halves = (deliveries[:120], deliveries[80:])

    async def drain(half: list[Delivery]) -> None:
        for batch in split(half, random.Random(seed)):
            await patiently(pool, batch)

    await asyncio.gather(*(drain(half) for half in halves))
    assert await mirrored(pool) == wanted


async def patiently(pool: Pool, batch: Sequence[Delivery]) -> None:
    """A batch must never be refused for another one's sake, not even with a deadlock."""
    began = time.monotonic()
    await settled(pool, batch)
    assert time.monotonic() - began < 20


def split(deliveries: list[Delivery], rng: random.Random) -> list[list[Delivery]]:
    batches, rest = [], list(deliveries)
    while rest:
        size = rng.randint(1, 12)
        batches.append(rest[:size])
        rest = rest[size:]
    return batches
