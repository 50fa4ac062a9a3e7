"""Tickets, people on a lead, how conversations feel, and the names that a support desk expects."""

import json
from uuid import UUID, uuid4

import pytest

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.phone import ANYWHERE
from store.crm import customers, tickets
from store.leads import insights, lead_detail, people
from store.leads.leads import Actor, NotFound
from store.postgres import Pool
from tests.chats import NUMBER, chat, conversation, extracted, lead
from tests.helpers import rows, settled
from tests.workers.drain.test_order import message

BUDI = Actor(Source.HUMAN, "user:budi")
OTHER = "6281111111111"
HERE = UUID(conversation())


async def test_a_ticket_moves_on_and_each_move_is_kept(pool: Pool) -> None:
    await chat(pool, "mesinnya rusak")
    made = await tickets.create(pool, HERE, "  Mesin   rusak ", priority="high", by=BUDI)
    assert (made["subject"], made["status"], made["version"], made["lead_id"]) == (
        "Mesin rusak",
        "open",
        1,
        (await lead(pool))["id"],
    )
    done = await tickets.patch(pool, made["id"], {"status": "solved", "assignee": "sari"}, by=BUDI, version=1)
    assert (done["status"], done["assignee"], done["version"], done["solved_at"] is None) == (
        "solved",
        "sari",
        2,
        False,
    )
    with pytest.raises(tickets.Changed):
        await tickets.patch(pool, made["id"], {"status": "open"}, by=BUDI, version=1)
    done = await tickets.patch(pool, made["id"], {"status": "open", "assignee": None}, by=BUDI)
    assert (done["solved_at"], done["assignee"]) == (None, None)
    history = [(row["field"], row["old"], row["new"]) for row in await tickets.history(pool, made["id"])]
    assert history[:2] in (
        [("assignee", "sari", None), ("status", "solved", "open")],
        [("status", "solved", "open"), ("assignee", "sari", None)],
    )
    assert [row["id"] for row in await tickets.page(pool, status=["open"])] == [made["id"]]
    assert await tickets.page(pool, status=["closed"]) == []


async def test_a_ticket_needs_a_conversation_and_a_subject(pool: Pool) -> None:
    await chat(pool, "halo")
    with pytest.raises(NotFound):
        await tickets.create(pool, uuid4(), "x", by=BUDI)
    for wrong in ({"subject": " "}, {"subject": "x" * 201}, {"priority": "soon"}, {"status": "gone"}):
        made = await tickets.create(pool, HERE, "x", by=BUDI)
        with pytest.raises(NotAllowed):
            await tickets.patch(pool, made["id"], wrong, by=BUDI)


async def test_people_are_put_on_a_lead_by_any_name(pool: Pool) -> None:
    await chat(pool, "halo")
    await chat(pool, "saya akuntannya", number=OTHER, contact_name="Sari")
    id = (await lead(pool))["id"]
    await people.add(pool, id, "0811-1111-1111".replace("0811", "+62 811"), role="accountant", by=BUDI, phones=ANYWHERE)
    ((one),) = await people.of(pool, id)
    assert (one["name"], one["role"], one["lead_id"]) == ("Sari", "accountant", (await lead(pool, number=OTHER))["id"])
    await people.add(pool, id, OTHER, role="partner", by=BUDI, phones=ANYWHERE)
    assert [row["role"] for row in await people.of(pool, id)] == ["partner"]
    for wrong, error in ((NUMBER, NotAllowed), ("6289999999999", NotFound), ("x" * 500, NotFound)):
        with pytest.raises(error):
            await people.add(pool, id, wrong, by=BUDI, phones=ANYWHERE)
    await people.remove(pool, id, one["contact_id"], by=BUDI)
    with pytest.raises(NotFound):
        await people.remove(pool, id, one["contact_id"], by=BUDI)
    assert [row["field"] for row in await lead_detail.history(pool, id)].count("people") == 3


async def test_people_stay_on_a_lead_when_two_turn_out_to_be_one(pool: Pool) -> None:
    await chat(pool, "halo")
    await settled(pool, [message("m1", 0, number="621", bsuid=None), message("m2", 1, number=None, bsuid="ID.1")])
    id = (await lead(pool))["id"]
    both = await pool.fetch("SELECT contact_id FROM leads WHERE id <> $1", id)
    for row in both:
        await people.add(pool, id, str(row["contact_id"]), by=BUDI, phones=ANYWHERE)
    await people.add(pool, (await pool.fetchval("SELECT id FROM leads WHERE contact_id = $1", both[0]["contact_id"])),
                     NUMBER, by=BUDI, phones=ANYWHERE)  # fmt: skip
    await settled(pool, [message("m4", 3, number="621", bsuid="ID.1")])
    (one,) = await people.of(pool, id)
    assert [row["contact_id"] for row in await people.of(pool, one["lead_id"])] == [(await lead(pool))["contact_id"]]


async def test_how_a_conversation_feels_is_kept_each_time_it_changes(pool: Pool) -> None:
    await chat(pool, "makasih kak, bagus")
    await extracted(pool)
    await chat(pool, "sip", at=10)
    await extracted(pool)
    await chat(pool, "kecewa, barangnya rusak", at=20)
    await extracted(pool)
    (one,) = await insights.of(pool, (await lead(pool))["id"])
    assert (one["sentiment"], one["awaiting_reply"], one["conversation_id"]) == ("negative", True, HERE)
    assert [felt["sentiment"] for felt in json.loads(one["sentiment_history"])] == ["positive", "negative"]
    await chat(pool, "< maaf kak", at=30)
    await pool.execute(
        "INSERT INTO messages (id, contact_id, conversation_id, direction, type, sent_at)"
        " SELECT 'wamid.R', contact_id, id, 'inbound', 'reaction', now() FROM conversations"
    )
    (one,) = await insights.of(pool, (await lead(pool))["id"])
    assert one["awaiting_reply"] is False  # a reaction asks for nothing


async def test_a_support_desk_finds_the_names_it_expects(pool: Pool) -> None:
    await chat(pool, "halo", "apa kabar", contact_name="Rina")
    id = (await lead(pool))["id"]
    await customers.patch(pool, id, {"email": "rina@example.com"}, version=None, by=BUDI)
    (one,) = await rows(pool, "customers")
    assert (one["id"], one["primary_email"], one["primary_phone"], one["first_contact_at"] is None) == (
        str(id),
        "rina@example.com",
        f"+{NUMBER}",
        False,
    )
    names = {(row["identifier_type"], row["identifier_value"]) for row in await rows(pool, "customer_identifiers")}
    assert names >= {("email", "rina@example.com"), ("phone", f"+{NUMBER}")}
    messages = await rows(pool, "processed_messages")
    assert ({row["customer_id"] for row in messages}, len({row["channel_message_id"] for row in messages})) == (
        {str(id)},
        2,
    )
